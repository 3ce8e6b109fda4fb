"""Product kinds for scckit: a module and an entry point for each, so that one that fails takes no other with it."""
