"""Credentials from environment variables; a plugin like any other, bundled with the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scckit.errors import MissingCredentials
from scckit.plugins.hookspecs import hookimpl
from scckit.session.credentials import Credentials

__all__ = ["VARIABLES", "scckit_credentials"]

#: The variables, in the order of the arguments of ``Credentials``.
VARIABLES: Final = ("SCCKIT_HTTP_USER", "SCCKIT_HTTP_PASSWORD", "SCCKIT_USERNAME", "SCCKIT_PASSWORD")


@hookimpl
def scckit_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Read all four variables; none set is "knows none", some set is an error that names the others.

    Raises:
        MissingCredentials: Some are set and some are not.
    """
    http_user, http_password, username, password = values = [environ.get(name, "") for name in VARIABLES]
    if not any(values):
        return None
    if absent := [name for name, value in zip(VARIABLES, values, strict=True) if not value]:
        msg = (
            f"the environment has some credentials but not {', '.join(absent)}; set all four of {', '.join(VARIABLES)}"
        )
        raise MissingCredentials(msg)
    return Credentials(http_user, http_password, username, password, source="environment")
