"""Sources of credentials as plugins of scckit. Every client imports them, so they import next to nothing."""
