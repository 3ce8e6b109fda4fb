"""What one can ask about systems (scc-interface.md 5.1)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from attrs import field, frozen

from scckit.errors import InvalidInput, SystemNotFound
from scckit.models.systems import System
from scckit.session.effects import Flow
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["ExportSystem"]

_NOT_FOUND: Final = frozenset({int(HTTPStatus.NOT_FOUND)})


def _number(_: object, __: object, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"a system has a number such as 437; found {value!r}"
        raise InvalidInput(msg)


@frozen
class ExportSystem:
    """The configuration of a system with its channels. Needs the outer layer only."""

    id: int = field(validator=_number)

    def flow(self, session: Session) -> Flow[System]:
        """Ask for the export.

        Raises:
            SystemNotFound: The SCC knows no such system.
            UnreadablePage: The export cannot be understood.
        """
        head, text = yield from session.text(get(routes.system_export(self.id)), allow=_NOT_FOUND, sign_in=False)
        if head.status == HTTPStatus.NOT_FOUND:
            msg = f"the SCC knows no system {self.id}; check the number on its web site"
            raise SystemNotFound(msg)
        return session.site.system(text)
