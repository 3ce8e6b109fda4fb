"""Credentials: where they are kept, in which order they are found, and what is never shown."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scckit
from scckit.errors import ConfigurationError, MissingCredentials
from scckit.plugins import Credentials, Registry
from scckit_cli.commands import access
from scckit_cli.sources.config import FIELDS
from scckit_emulator import Emulator

from .conftest import Cli, MemoryKeyring

VARIABLES = ("SCCKIT_HTTP_USER", "SCCKIT_HTTP_PASSWORD", "SCCKIT_USERNAME", "SCCKIT_PASSWORD")


def typed(emulator: Emulator) -> list[str]:
    """Return what a person types."""
    account = emulator.account
    return [account.http_user, account.http_password, account.username, account.password]


@pytest.fixture
def alone(environ: dict[str, str]) -> dict[str, str]:
    """Take the credentials out of the environment."""
    for name in VARIABLES:
        del environ[name]
    return environ


@pytest.mark.parametrize("where", ["keyring", "file"])
def test_login_keeps_what_works(
    cli: Cli, emulator: Emulator, alone: dict[str, str], ring: MemoryKeyring, where: str
) -> None:
    """After a login the next command needs nothing; the file is for its owner alone; no secret is said or in the settings."""
    words = (
        "login",
        "--profile",
        "aky",
        "--station",
        "aky",
        "--system",
        "437",
        *(["--file"] if where == "file" else []),
    )
    result = cli(*words, answers=typed(emulator))

    assert result.status == 0, result.err
    config = Path(alone["SCCKIT_CONFIG"])
    secrets = config.with_name("credentials.toml")
    assert secrets.exists() == (where == "file")
    assert bool(ring.kept) == (where == "keyring")
    if where == "file":
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    for secret in (emulator.account.password, emulator.account.http_password):
        assert secret not in result.out + result.err + config.read_text(encoding="utf-8")
    found = cli("search", "2026-03-21", "--ids")
    assert (found.status, len(found.out.split())) == (0, 3)
    assert "station aky, of the profile aky" in found.err


def test_login_keeps_nothing_that_does_not_work(
    cli: Cli, emulator: Emulator, alone: dict[str, str], ring: MemoryKeyring
) -> None:
    """A wrong password, or an empty answer, is told before anything is kept."""
    wrong = cli("login", answers=[*typed(emulator)[:3], "wrong-secret"])
    empty = cli("login", answers=[*typed(emulator)[:3], ""])

    assert (wrong.status, empty.status) == (3, 2)
    assert "wrong-secret" not in wrong.err
    assert not Path(alone["SCCKIT_CONFIG"]).exists()
    assert ring.kept == {}


def test_a_login_changes_nothing_else(cli: Cli, emulator: Emulator, alone: dict[str, str]) -> None:
    """Comments, other profiles and unknown keys stay; the first profile stays the one that is used."""
    config = Path(alone["SCCKIT_CONFIG"])
    config.parent.mkdir()
    config.write_text(
        '# mine\nprofile = "pot"\ncolour = "blue"\n\n[profiles.pot]\nstation = "pot"  # in the hills\n',
        encoding="utf-8",
    )
    assert cli("login", "--profile", "aky", "--file", answers=typed(emulator)).status == 0

    text = config.read_text(encoding="utf-8")
    assert '# mine\nprofile = "pot"\ncolour = "blue"\n' in text
    assert 'station = "pot"  # in the hills' in text
    assert '[profiles.aky]\ncredentials = "file"' in text
    assert cli("--profile", "aky", "check").status == 0
    assert cli("check").status == 3


INI = "[http]\nusername = {}\npassword = {}\n\n[auth]\nusername = {}\npassword = {}\n"
YAML = "# settings\nbasic_credentials: ['{}', \"{}\"]\nwebsite_credentials:\n  - {}\n  - {}\noutput_dir: /data\n"


@pytest.mark.parametrize(("name", "text"), [("pollyxt_pipelines.ini", INI), (".scc_access.yaml", YAML)])
def test_files_of_other_clients_are_read(  # noqa: PLR0913, PLR0917 - fixtures
    cli: Cli, emulator: Emulator, alone: dict[str, str], tmp_path: Path, name: str, text: str
) -> None:
    """Their four parts are taken, tried and kept; the file stays as it is."""
    path = tmp_path / name
    path.write_text(text.format(*typed(emulator)), encoding="utf-8")
    before = path.read_bytes()

    assert cli("login", "--import", str(path), "--file").status == 0
    assert cli("check").status == 0
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(has=st.sets(st.sampled_from(["environment", "keyring", "file"])))
def test_the_first_source_that_knows_some_wins(has: set[str], ring: MemoryKeyring, tmp_path: Path) -> None:
    """Environment, keyring, file, in that order, whichever of them there are; each stands alone."""
    config = tmp_path / "config.toml"
    secrets = tmp_path / "credentials.toml"
    environ = {"SCCKIT_CONFIG": str(config)}
    ring.kept.clear()
    secrets.unlink(missing_ok=True)
    if "environment" in has:
        environ.update(dict.fromkeys(VARIABLES, "environment"))
    if "keyring" in has:
        ring.kept["scckit", "default"] = json.dumps(dict.fromkeys(FIELDS, "keyring"))
    if "file" in has:
        secrets.write_text("[default]\n" + "".join(f'{name} = "file"\n' for name in FIELDS), encoding="utf-8")
        secrets.chmod(0o600)

    found = Registry(strict=True).credentials(environ)

    first = next((one for one in ("environment", "keyring", "file") if one in has), None)
    assert (None if found is None else found.password.reveal()) == first


def test_a_file_that_others_can_read_is_not_used(alone: dict[str, str], ring: MemoryKeyring) -> None:
    """The message has the line that mends it, and no secret."""
    secrets = Path(alone["SCCKIT_CONFIG"]).with_name("credentials.toml")
    secrets.parent.mkdir()
    secrets.write_text("[default]\n" + "".join(f'{name} = "pa55-word"\n' for name in FIELDS), encoding="utf-8")
    secrets.chmod(0o644)

    with pytest.raises(ConfigurationError, match=r"can be read by others.*chmod 600") as error:
        Registry(strict=True).credentials(alone)
    assert "pa55-word" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile = 5", "profile must be a text"),
        ("profiles = 5", "must be tables"),
        ('profile = "aky"\n[profiles.aky]\nsystem = "437"', "must be a number"),
        ('profile = "aky"\n[profiles.aky]\ncredentials = "paper"', "must be 'keyring' or 'file'"),
        ('profile = "aky"\n[profiles.aky]\ncredentials = "keyring"', "should be in the keyring, which keeps none"),
        ('profile = "aky"\n[profiles.aky]\ncredentials = "file"', "has no credentials in"),
        ('profile = "pa55-word', "is not TOML"),
    ],
)
def test_a_configuration_that_cannot_be_meant(alone: dict[str, str], ring: MemoryKeyring, text: str, said: str) -> None:
    """Each is told with the file, and nothing of a line that cannot be read, which may be a secret."""
    config = Path(alone["SCCKIT_CONFIG"])
    config.parent.mkdir()
    config.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said) as error:
        Registry(strict=True).credentials(alone)
    assert "pa55-word" not in str(error.value)


def test_no_keyring_keeps_nobody_from_working(alone: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails knows none; a login says what to do in place of it; a profile that nobody has is told."""
    import keyring

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(keyring, "get_password", fail)
    monkeypatch.setattr(keyring, "set_password", fail)
    assert Registry(strict=True).credentials(alone) is None
    from scckit_cli.sources.keyring import store

    with pytest.raises(ConfigurationError, match=r"cannot be used .RuntimeError.*login --file"):
        store("aky", dict.fromkeys(FIELDS, "x"))
    with pytest.raises(MissingCredentials, match=r"no profile 'pot' .there are: none.: scckit login --profile pot"):
        Registry(strict=True).credentials({**alone, "SCCKIT_PROFILE": "pot"})


def test_an_environment_that_was_made_up_has_no_user(ring: MemoryKeyring) -> None:
    """Tests that give an empty environment get nothing of the person who runs them."""
    ring.kept["scckit", "default"] = json.dumps(dict.fromkeys(FIELDS, "keyring"))

    assert Registry(strict=True).credentials({}) is None


def test_the_files_serve_every_client(cli: Cli, emulator: Emulator, alone: dict[str, str]) -> None:
    """What a login has kept is found by a program, too, and says where it is from."""
    assert cli("login", "--file", answers=typed(emulator)).status == 0
    found = Registry(strict=True).credentials(alone)

    assert isinstance(found, Credentials)
    assert found.source.startswith("profile default, ")
    assert repr(scckit.Credentials).startswith("<class")


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)


@given(values=st.lists(PRINTABLE, min_size=4, max_size=4), flow=st.booleans())
def test_any_password_of_the_other_client_is_read(values: list[str], flow: bool) -> None:
    """Quotes, commas, brackets and signs of remarks are part of it, as YAML has it."""
    text = yaml.safe_dump(
        {"basic_credentials": values[:2], "output_dir": "/data", "website_credentials": values[2:]},
        default_flow_style=None if flow else False,
        width=1000,
    )

    assert access._yaml(text) == dict(zip(FIELDS, values, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "basic_credentials: [a, {b: c}]\nwebsite_credentials: [c, d]\n",
        "basic_credentials: a\nwebsite_credentials: [c, d]\n",
        "basic_credentials: [a, b]\n",
        "basic_credentials: [a, b, c]\nwebsite_credentials: [d]\nmore: [\n",
        "- a\n",
        "",
        "secret: [unclosed",
    ],
)
def test_a_file_of_nobody_is_told_without_its_words(cli: Cli, alone: dict[str, str], tmp_path: Path, text: str) -> None:
    """What is neither of the two is named by its path alone."""
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")

    result = cli("login", "--import", str(path), "--file")

    assert result.status == 2
    assert "is neither like pollyxt_pipelines.ini" in result.err
    assert "unclosed" not in result.err


def test_a_password_of_digits_is_a_text() -> None:
    """As it stands there, with its zeros."""
    text = "basic_credentials: [scc, 007]\nwebsite_credentials: [me, 1e3]\n"

    assert access._yaml(text) == dict(zip(FIELDS, ("scc", "007", "me", "1e3"), strict=True))


def test_a_login_without_a_keyring_asks_nothing(
    cli: Cli, emulator: Emulator, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has typed four answers must not hear then that there is no place for them."""
    asked: list[str] = []

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("keyring.get_password", fail)
    result = cli("login", ask=lambda question, _: asked.append(question) or "x")

    assert result.status == 2
    assert "the keyring cannot be used (RuntimeError): scckit login --file" in result.err
    assert asked == []


def test_what_a_login_leaves_to_know(cli: Cli, emulator: Emulator, environ: dict[str, str]) -> None:
    """The environment comes first, and the first profile stays the one in use; both are said, since both surprise."""
    first = cli("login", "--file", "--profile", "aky", answers=typed(emulator))
    second = cli("login", "--profile", "pot", "--file", answers=typed(emulator))

    assert "the environment has credentials too, and they come first" in first.err
    assert "the profile in use" not in first.err
    assert "the profile in use is aky; --profile pot uses this one" in second.err
    used = cli("check", "--profile", "pot")
    assert (used.status, "those of the environment" in used.err) == (0, True)


def test_a_profile_that_nobody_has_is_told(cli: Cli, environ: dict[str, str]) -> None:
    """Wherever it is named, and though the environment has credentials: its station and system are not there."""
    for words in (("--profile", "nobody", "check"), ("check", "--profile", "nobody"), ("check", "--profile=nobody")):
        result = cli(*words)
        assert (result.status, "there is no profile 'nobody'" in result.err) == (3, True)


def test_without_credentials_the_next_step_is_a_login(cli: Cli, alone: dict[str, str]) -> None:
    """The words are those of the command line, and not of a program."""
    result = cli("check")

    assert result.status == 3
    assert "scckit login" in result.err
    assert "credentials=" not in result.err


@pytest.mark.parametrize("hidden", [False, True])
def test_an_end_of_input_at_a_question(
    cli: Cli, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch, hidden: bool
) -> None:
    """Ctrl-D is an interruption, at what is shown and at what is hidden."""

    def end(*_: Any) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", end)
    result = cli("login", stdin="user\n" if hidden else "", terminal=True)

    assert result.status == 130
    assert result.err.splitlines()[-1] == "scckit: interrupted"


@pytest.mark.parametrize("into", ["keyring", "file"])
def test_credentials_are_in_one_place(
    cli: Cli, emulator: Emulator, alone: dict[str, str], ring: MemoryKeyring, into: str
) -> None:
    """Those of the same profile in the other place, which nobody would change with these, are gone; others stay."""
    for profile in ("aky", "pot"):
        assert (
            cli("login", "--profile", profile, *["--file"] * (into == "keyring"), answers=typed(emulator)).status == 0
        )
    result = cli("login", "--profile", "aky", *["--file"] * (into == "file"), answers=typed(emulator))

    assert result.status == 0, result.err
    secrets = Path(alone["SCCKIT_CONFIG"]).with_name("credentials.toml")
    tables = set(tomllib.loads(secrets.read_text(encoding="utf-8")))
    assert tables == {"pot" if into == "keyring" else "aky"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert {name for _, name in ring.kept} == {"aky" if into == "keyring" else "pot"}
    assert (f"what {secrets} had of the profile aky was taken out of it" in result.err) == (into == "keyring")
    for profile in ("aky", "pot"):
        assert cli("check", "--profile", profile).status == 0


@pytest.mark.parametrize("told_by", ["--base-url", "file", "SCCKIT_BASE_URL"])
def test_the_server_is_kept_with_its_credentials(
    cli: Cli, emulator: Emulator, alone: dict[str, str], tmp_path: Path, told_by: str
) -> None:
    """Wherever it was told, the next command asks the same one; what is named first in the documents wins."""
    server, others = emulator.base_url, "http://127.0.0.1:1/"
    path = tmp_path / ".scc_access.yaml"
    path.write_text(
        YAML.format(*typed(emulator))
        + f"base_url: {server if told_by == 'file' else others}\n" * (told_by != "SCCKIT_BASE_URL"),
        encoding="utf-8",
    )
    alone["SCCKIT_BASE_URL"] = server if told_by == "SCCKIT_BASE_URL" else others
    words = ("--base-url", server) if told_by == "--base-url" else ()
    result = cli("login", "--import", str(path), "--file", *words)
    del alone["SCCKIT_BASE_URL"]

    assert result.status == 0, result.err
    assert f"its server is the one that {path if told_by == 'file' else told_by} names" in result.err
    assert f'base_url = "{server}"' in Path(alone["SCCKIT_CONFIG"]).read_text(encoding="utf-8")
