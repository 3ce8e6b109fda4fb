"""A local mirror of products: what the server has of a window, what is here of it, and what became of the difference.

``mirror`` has the verbs, ``models`` what they return, ``catalogue`` the SQLite file, ``layout`` the folder, ``update`` one run
against a server, ``upkeep`` what needs no server.
"""

from scckit.mirror.mirror import Mirror
from scckit.mirror.models import Change, Finding, MirroredFile, MirroredFiles, MirrorStatus, Report

__all__ = ["Change", "Finding", "Mirror", "MirrorStatus", "MirroredFile", "MirroredFiles", "Report"]
