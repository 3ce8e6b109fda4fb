"""Dates and times as the SCC's tables show them (scc-interface.md 3.2)."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y-m-d H:i"
