"""Signing in and out, as operations."""

from __future__ import annotations

from attrs import frozen

from scckit.session.effects import Flow
from scckit.session.messages import get
from scckit.session.session import Session
from scckit.site import routes

__all__ = ["CheckAccess", "SignIn", "SignOut"]


@frozen
class SignIn:
    """Sign in to both layers. Other operations do this themselves when needed; alone it tells whether it works.

    Raises:
        WrongHTTPCredentials: The outer layer refused.
        WrongAccount: The inner layer refused.
    """

    def flow(self, session: Session) -> Flow[None]:
        """Sign in, whatever the state was."""
        yield from session.sign_in()


@frozen
class SignOut:
    """Sign out; does nothing when signed out already."""

    def flow(self, session: Session) -> Flow[None]:
        """Sign out."""
        yield from session.sign_out()


@frozen
class CheckAccess:
    """Sign in to both layers and ask the API for its list of resources (scc-interface.md 4.1).

    Raises:
        ConnectionFailed: The server is not reached.
        WrongHTTPCredentials: The outer layer refused.
        WrongAccount: The inner layer refused.
        AnswerError: The API does not answer as an API does.
    """

    def flow(self, session: Session) -> Flow[None]:
        """Sign in anew and ask."""
        yield from session.sign_in()
        yield from session.json(get(routes.API_ROOT, {"format": "json"}))
