"""Tests of what the SCC has, as values."""
