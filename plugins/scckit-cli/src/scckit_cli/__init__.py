"""The command line ``scckit``, and the sources of credentials that it keeps: the keyring, and profiles in files."""
