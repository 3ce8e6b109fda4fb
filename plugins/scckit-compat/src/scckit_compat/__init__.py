"""APIs that others have published, on top of scckit: ``scckit_compat.scc_access`` is that of ``pollyxt_pipelines``."""
