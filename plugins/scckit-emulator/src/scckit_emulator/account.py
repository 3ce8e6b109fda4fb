"""The accounts that the emulator knows: the shared HTTP pair and one personal account (scc-interface.md 1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

__all__ = ["Account"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Both pairs that a client needs. The values are plainly made up; nothing real is meant to be put here.

    Attributes:
        http_user: User of the HTTP Basic layer.
        http_password: Password of the HTTP Basic layer.
        username: User who signs in.
        password: Password of that user.

    Raises:
        ValueError: A value is empty, or ``http_user`` holds a colon, which HTTP Basic cannot carry.
    """

    http_user: str = "scc-user"
    http_password: str = field(default="made-up-http-password", repr=False)
    username: str = "station-operator"
    password: str = field(default="made-up-password", repr=False)

    def __post_init__(self) -> None:
        for each in fields(self):
            if not getattr(self, each.name):
                raise ValueError(f"{each.name} of the emulator's account is empty; give it some text")
        if ":" in self.http_user:
            raise ValueError("http_user of the emulator's account holds a colon, which HTTP Basic cannot carry")
