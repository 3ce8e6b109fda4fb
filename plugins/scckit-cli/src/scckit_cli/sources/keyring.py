"""Credentials from the keyring of the system (Keychain, Secret Service, Credential Locker), one entry for each profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from scckit.errors import ConfigurationError, MissingCredentials
from scckit.plugins import Credentials, hookimpl
from scckit_cli.sources.config import FIELDS, Config

__all__ = ["SERVICE", "forget", "require", "scckit_credentials", "store"]

#: Name of the service in the keyring; the user name there is the profile's.
SERVICE: Final = "scckit"

_UNUSABLE: Final = "cannot be used"


@hookimpl
def scckit_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return those of the profile in use; None if the keyring has none, or there is no keyring.

    Raises:
        ConfigurationError: The configuration is not as it must be.
        MissingCredentials: The profile says that its credentials are here, and they are not.
    """
    config = Config(environ)
    profile = config.profile
    where = None if profile is None else profile.credentials
    if not config.has_user or where == "file":
        return None
    found, problem = _stored(config.name)
    if found is not None:
        return Credentials(**found, source=f"profile {config.name}, keyring")
    if where == "keyring":
        msg = (
            f"the credentials of the profile {config.name!r} should be in the keyring, which {problem}:"
            f" scckit login --profile {config.name}"
        )
        raise MissingCredentials(msg)
    return None


def _stored(name: str) -> tuple[dict[str, str] | None, str]:
    """Return what the keyring has of a profile, and why it has nothing."""
    try:
        import keyring  # noqa: PLC0415 - slow to import, and not needed where the environment has credentials
        import keyring.errors  # noqa: PLC0415

        text = keyring.get_password(SERVICE, name)
    except Exception as error:  # noqa: BLE001 - back ends let out anything; no keyring must not keep a client from working
        return None, f"{_UNUSABLE} ({type(error).__name__})"
    if text is None:
        return None, "keeps none"
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(value.get(one), str) for one in FIELDS):
        return None, "has something else there"
    return {one: value[one] for one in FIELDS}, ""


def require(name: str) -> None:
    """Make sure that there is a keyring that answers, before a person is asked for what it shall keep.

    Raises:
        ConfigurationError: There is none.
    """
    problem = _stored(name)[1]
    if problem.startswith(_UNUSABLE):
        msg = f"the keyring {problem}: scckit login --file keeps the credentials in a file instead"
        raise ConfigurationError(msg)


def store(name: str, secrets: Mapping[str, str]) -> None:
    """Put the credentials of a profile into the keyring.

    Raises:
        ConfigurationError: There is no keyring that keeps them.
    """
    import keyring  # noqa: PLC0415 - slow to import

    try:
        keyring.set_password(SERVICE, name, json.dumps({one: secrets[one] for one in FIELDS}))
        problem = _stored(name)[1]
    except Exception as error:  # noqa: BLE001 - as above
        problem = f"{_UNUSABLE} ({type(error).__name__})"
    if problem:
        msg = f"the keyring {problem}: scckit login --file keeps the credentials in a file instead"
        raise ConfigurationError(msg)


def forget(name: str) -> None:
    """Take the credentials of a profile out of the keyring, if there is one that has them."""
    with suppress(Exception):  # as above; what is not there is not missed
        import keyring  # noqa: PLC0415 - as above

        keyring.delete_password(SERVICE, name)
