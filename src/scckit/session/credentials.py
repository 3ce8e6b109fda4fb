"""The two pairs that open the SCC, kept so that they show nowhere (scc-interface.md 1.1). No I/O here."""

from __future__ import annotations

from typing import NoReturn

from attrs import field, frozen

from scckit.errors import InvalidInput

__all__ = ["Credentials", "Secret"]


class Secret:
    """A text that is not shown, not compared by order, not pickled and not turned into JSON; ask for it by name.

    Example:
        >>> Secret("pa55")
        Secret(<hidden>)
        >>> f"{Secret('pa55')}"
        'Secret(<hidden>)'
        >>> Secret("pa55").reveal()
        'pa55'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hide a text."""
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        """Compare the hidden texts."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Hash by the hidden text, in line with equality."""
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        """Show that there is something, not what."""
        return "Secret(<hidden>)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a password must not travel to another process or into a file unseen."""
        msg = "a secret cannot be pickled; send a signed-in session to the worker, not the password"
        raise TypeError(msg)


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        msg = f"credentials are text; found {type(value).__name__}"
        raise InvalidInput(msg)
    return Secret(value)


@frozen
class Credentials:
    """The shared HTTP Basic pair and the personal account pair.

    Attributes:
        http_user: User of the outer layer, a pair that many users share.
        http_password: Password of the outer layer.
        username: Name of the personal SCC account.
        password: Password of the personal SCC account.
        source: Where they come from, for messages (``arguments``, ``environment`` …).

    Example:
        >>> Credentials("scc-user", "a", "me", "b").password
        Secret(<hidden>)
    """

    http_user: Secret = field(converter=_secret)
    http_password: Secret = field(converter=_secret)
    username: Secret = field(converter=_secret)
    password: Secret = field(converter=_secret)
    source: str = "arguments"
