"""Formats of dates in the pages, by language."""
