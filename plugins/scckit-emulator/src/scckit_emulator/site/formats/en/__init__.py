"""Formats of dates in the pages."""
