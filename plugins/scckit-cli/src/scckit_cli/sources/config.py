"""The two files of a user: ``config.toml`` with profiles, and ``credentials.toml`` with secrets, readable to its owner alone.

::

    profile = "aky"              # the one that is used if none is named

    [profiles.aky]
    credentials = "keyring"      # or "file": where its credentials are
    station = "aky"              # what searches look at if they name no station
    system = 437                 # what uploads use if they name no system
    base_url = "https://…"       # a server other than the public SCC

``credentials.toml`` has a table for each profile, with ``http_user``, ``http_password``, ``username`` and ``password``.
Comments, and keys that scckit does not know, stay when it writes. Reading imports nothing but the standard library.
"""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from scckit.errors import ConfigurationError, LocalFileError

if TYPE_CHECKING:
    from tomlkit.items import Table

__all__ = ["CONFIG", "DEFAULT", "FIELDS", "PROFILE", "Config", "Profile"]

#: Environment variables: another file for ``config.toml``, and the name of a profile.
CONFIG: Final = "SCCKIT_CONFIG"
PROFILE: Final = "SCCKIT_PROFILE"

#: Name of the profile if none is named anywhere.
DEFAULT: Final = "default"

#: The four parts of credentials.
FIELDS: Final = ("http_user", "http_password", "username", "password")

_WHERE: Final = ("keyring", "file")
#: One of these is in every process's environment; without any, an environment was made up, and has no user's files.
_HOMES: Final = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA")


@dataclass(frozen=True)
class Profile:
    """A station's settings; None is "not told"."""

    name: str
    credentials: Literal["keyring", "file"] | None = None
    station: str | None = None
    system: int | None = None
    base_url: str | None = None


class Config:
    """The files of the user whose environment is given.

    Args:
        environ: The environment.

    Raises:
        ConfigurationError: ``config.toml`` cannot be read or is not as it must be.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Find the files and read ``config.toml``, if it is there."""
        self._environ = environ
        self.path = _path(environ)
        self._values = {} if self.path is None else _read(self.path)

    @property
    def has_user(self) -> bool:
        """True if the environment is that of a user, who may have files and a keyring."""
        return self.path is not None

    @property
    def secrets(self) -> Path | None:
        """Where ``credentials.toml`` is, beside ``config.toml``."""
        return None if self.path is None else self.path.with_name("credentials.toml")

    @property
    def name(self) -> str:
        """Name of the profile in use: of the environment, else of the file, else ``default``."""
        return self._environ.get(PROFILE) or _text(self._values, "profile", self.path) or DEFAULT

    @property
    def names(self) -> list[str]:
        """Names of all profiles."""
        return sorted(self._tables())

    @property
    def profile(self) -> Profile | None:
        """The profile in use, None if the file has none of that name.

        Raises:
            ConfigurationError: A value of it cannot be.
        """
        table = self._tables().get(self.name)
        if table is None:
            return None
        where = _text(table, "credentials", self.path)
        if where is not None and where not in _WHERE:
            msg = f"{self.path}: credentials of the profile {self.name!r} is {where!r}; it must be 'keyring' or 'file'"
            raise ConfigurationError(msg)
        system = table.get("system")
        if system is not None and (isinstance(system, bool) or not isinstance(system, int)):
            msg = f"{self.path}: system of the profile {self.name!r} is {system!r}; it must be a number such as 437"
            raise ConfigurationError(msg)
        return Profile(
            self.name,
            "keyring" if where == "keyring" else "file" if where == "file" else None,
            _text(table, "station", self.path),
            system,
            _text(table, "base_url", self.path),
        )

    def _tables(self) -> Mapping[str, Mapping[str, Any]]:
        tables = self._values.get("profiles", {})
        if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
            msg = f"{self.path}: profiles must be tables such as [profiles.aky]"
            raise ConfigurationError(msg)
        return tables

    def secrets_of(self, name: str) -> Mapping[str, str] | None:
        """Return what ``credentials.toml`` has of a profile, None if nothing.

        Raises:
            ConfigurationError: Others can read the file, or it is not as it must be.
        """
        path = self.secrets
        if path is None or not path.is_file():
            return None
        if sys.platform != "win32" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            msg = f"{path} can be read by others, so it is not used: chmod 600 '{path}', and change the passwords"
            raise ConfigurationError(msg)
        table = _read(path).get(name)
        if table is None:
            return None
        if not isinstance(table, dict) or not all(isinstance(table.get(one), str) for one in FIELDS):
            msg = (
                f"{path}: the table [{name}] must have {', '.join(FIELDS)}, all of them texts; see scckit login --file"
            )
            raise ConfigurationError(msg)
        return {one: table[one] for one in FIELDS}

    def save(self, profile: Profile, *, is_default: bool) -> Path:
        """Write a profile; what else is in the file stays, comments too.

        Args:
            profile: The profile; what it does not tell stays as it is.
            is_default: Use it if none is named.

        Raises:
            ConfigurationError: There is no place for the file.
            LocalFileError: It cannot be written.
        """
        import tomlkit  # noqa: PLC0415 - for writing alone, reading must stay light

        path = self._place(self.path)
        document = _document(path)
        profiles = document.setdefault("profiles", tomlkit.table(is_super_table=True))
        table: Table = profiles.setdefault(profile.name, tomlkit.table())
        for key in ("credentials", "station", "system", "base_url"):
            value = getattr(profile, key)
            if value is not None:
                table[key] = value
        if is_default:
            document["profile"] = profile.name
        _put(path, tomlkit.dumps(document), 0o644)
        return path

    def save_secrets(self, name: str, secrets: Mapping[str, str]) -> Path:
        """Write the secrets of a profile into ``credentials.toml``, which nobody else may read from its first byte on.

        Raises:
            ConfigurationError: There is no place for the file.
            LocalFileError: It cannot be written.
        """
        import tomlkit  # noqa: PLC0415 - as above

        path = self._place(self.secrets)
        document = _document(path)
        table = tomlkit.table()
        for key in FIELDS:
            table[key] = secrets[key]
        document[name] = table
        _put(path, tomlkit.dumps(document), 0o600)
        return path

    def forget_secrets(self, name: str) -> Path | None:
        """Take the secrets of a profile out of ``credentials.toml``; return its path if they were there.

        Raises:
            ConfigurationError: The file is not as it must be.
            LocalFileError: It cannot be written.
        """
        import tomlkit  # noqa: PLC0415 - as above

        path = self.secrets
        if path is None or not path.exists():
            return None
        document = _document(path)
        if name not in document:
            return None
        del document[name]
        _put(path, tomlkit.dumps(document), 0o600)
        return path

    def _place(self, path: Path | None) -> Path:
        if path is None:
            msg = f"there is no place for a configuration: set {CONFIG} to the path of a file"
            raise ConfigurationError(msg)
        return path


def _path(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(CONFIG):
        return Path(named)
    if not any(environ.get(name) for name in _HOMES):
        return None
    import platformdirs  # noqa: PLC0415 - not needed where the path is named

    return platformdirs.user_config_path("scckit") / "config.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise ConfigurationError(msg) from error
    except ValueError as error:
        # What stands at that place may be a secret, so of the words of the error only the place is told.
        place = str(error).rpartition("(")[2].rstrip(")") if "(at " in str(error) else "somewhere"
        msg = f"{path} is not TOML ({place}); mend it, or move it away and run scckit login"
        raise ConfigurationError(msg) from None


def _text(table: Mapping[str, Any], key: str, path: Path | None) -> str | None:
    value = table.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    msg = f'{path}: {key} must be a text, such as {key} = "aky"'
    raise ConfigurationError(msg)


def _document(path: Path) -> Any:  # noqa: ANN401 - tomlkit's documents are mappings of anything
    import tomlkit  # noqa: PLC0415 - as above

    _read(path)  # tells what is wrong with it, before anything is written
    return tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()


def _put(path: Path, text: str, mode: int) -> None:
    """Write a file; of a link, what it leads to. Its folder is the user's alone, if it is made here."""
    from scckit.plugins import AtomicFile  # noqa: PLC0415 - as above

    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = f"cannot make the folder {target.parent}: {error.strerror or error}"
        raise LocalFileError(msg) from error
    AtomicFile(target, mode=mode).put(text.encode())
