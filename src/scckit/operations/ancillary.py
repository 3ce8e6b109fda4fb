"""What one can ask about ancillary files."""

from __future__ import annotations

from attrs import frozen

from scckit.models.ancillary import AncillaryFile, AncillaryKind
from scckit.session.effects import Flow
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["FindAncillary"]


@frozen
class FindAncillary:
    """An ancillary file by its base name, or None where the SCC knows none (scc-interface.md 4.1, 4.6)."""

    filename: str
    kind: AncillaryKind

    def flow(self, session: Session) -> Flow[AncillaryFile | None]:
        """Ask the API; of several files of that name the one that is there wins over a missing one."""
        request = get(routes.api_ancillary(self.kind), {"filename": self.filename})
        _, value = yield from session.json(request)
        files = [session.site.ancillary(one, self.kind) for one in session.site.listed(value).objects]
        # Tastypie ignores a filter that it does not know (4.2), so the name is compared here too.
        same = [file for file in files if file.filename == self.filename]
        return min(same, key=lambda file: file.is_missing, default=None)
