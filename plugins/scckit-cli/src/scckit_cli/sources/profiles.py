"""Credentials from ``credentials.toml``; see ``config``."""

from __future__ import annotations

from collections.abc import Mapping

from scckit.errors import MissingCredentials
from scckit.plugins import Credentials, hookimpl
from scckit_cli.sources.config import PROFILE, Config

__all__ = ["scckit_credentials", "unknown"]


@hookimpl
def scckit_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return those of the profile in use; None if the files have none.

    Raises:
        ConfigurationError: A file is not as it must be, or others can read it.
        MissingCredentials: A profile was named that is nowhere, or its credentials should be in the file and are not.
    """
    config = Config(environ)
    secrets = config.secrets_of(config.name)
    if secrets is not None:
        return Credentials(**secrets, source=f"profile {config.name}, {config.secrets}")
    profile = config.profile
    if profile is not None and profile.credentials == "file":
        msg = f"the profile {config.name!r} has no credentials in {config.secrets}: scckit login --profile {config.name} --file"
        raise MissingCredentials(msg)
    if profile is None and environ.get(PROFILE):
        raise unknown(config)
    return None


def unknown(config: Config) -> MissingCredentials:
    """Return the error about a profile that is nowhere."""
    known = ", ".join(config.names) or "none"
    return MissingCredentials(
        f"there is no profile {config.name!r} (there are: {known}): scckit login --profile {config.name}"
    )
