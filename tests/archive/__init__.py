"""Tests of the local side."""
