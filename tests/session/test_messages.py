"""Requests, headers and bodies: exact lengths, nothing secret shown."""

from __future__ import annotations

import email.parser
import email.policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scckit.errors import InvalidInput, LocalFileError
from scckit.session.credentials import Credentials, Secret
from scckit.session.messages import FormBody, Head, Headers
from scckit.session.multipart import FilePart, MultipartBody
from scckit.testing import strategies

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(
    fields=st.lists(st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=40)), max_size=4),
    data=st.binary(max_size=3000),
)
def test_multipart_has_the_length_it_says(
    tmp_path_factory: pytest.TempPathFactory, fields: list[tuple[str, str]], data: bytes
) -> None:
    """The announced length is that of the bytes, and each call gives the same bytes."""
    path = tmp_path_factory.getbasetemp() / "multipart.bin"
    path.write_bytes(data)
    body = MultipartBody(tuple(fields), (FilePart("data", path, "räw.nc"),), "edge")

    sent = b"".join(body.chunks())

    assert body.length == len(sent)
    assert b"".join(body.chunks()) == sent


def test_multipart_reads_back_as_what_it_was(tmp_path: Path) -> None:
    """A standard parser finds the fields and the file again, quotes and line ends in names escaped."""
    (tmp_path / "a.nc").write_bytes(b"\x89HDF\r\n--edge-not\r\n")
    body = MultipartBody((("system", "437"),), (FilePart("data", tmp_path / "a.nc", 'a"b\r\n.nc'),), "edge")
    text = f"Content-Type: {body.content_type}\r\n\r\n".encode() + b"".join(body.chunks())

    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
    field, file = message.iter_parts()

    assert field.get_payload(decode=True) == b"437"
    assert file.get_payload(decode=True) == b"\x89HDF\r\n--edge-not\r\n"
    assert file.get_filename() == "a%22b%0D%0A.nc"


def test_a_file_that_changes_while_it_is_sent_is_noticed(tmp_path: Path) -> None:
    """A file that grows or is gone under way ends the upload with an error of ours."""
    path = tmp_path / "a.nc"
    path.write_bytes(b"x" * 600_000)
    body = MultipartBody((), (FilePart("data", path, "a.nc"),), "edge")
    chunks = body.chunks()
    next(chunks), next(chunks)
    with path.open("ab") as file:
        file.write(b"y" * 600_000)

    with pytest.raises(LocalFileError, match="changed while it was sent"):
        list(chunks)
    path.unlink()
    with pytest.raises(LocalFileError, match="cannot be read"):
        _ = body.length


def test_a_file_name_with_nul_is_refused(tmp_path: Path) -> None:
    """No server gets a name with a NUL character."""
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(InvalidInput, match="NUL"):
        list(MultipartBody((), (FilePart("data", tmp_path / "a", "a\0b"),), "edge").chunks())


@given(strategies.credentials())
def test_secrets_show_in_no_repr(credentials: Credentials) -> None:
    """Whatever a secret is, no repr of what carries it has it."""
    secret = credentials.password.reveal()
    carriers = [
        credentials,
        Secret(secret),
        Headers([("Authorization", secret), ("Cookie", secret), ("X-CSRFToken", secret), ("X-New", secret)]),
        FormBody((("password", secret),)),
        Head(200, Headers([("Set-Cookie", secret)]), "https://scc.example/"),
    ]

    assert not [carrier for carrier in carriers if "§" in repr(carrier) or "§" in str(carrier)]


def test_secrets_are_not_pickled() -> None:
    """A password cannot slip into a pickle; the error says what to send in its place."""
    import pickle

    with pytest.raises(TypeError, match="signed-in session"):
        pickle.dumps(Credentials("a", "b", "c", "d"))


def test_credentials_are_text() -> None:
    """A number or None in place of a text is refused without being shown."""
    with pytest.raises(InvalidInput, match="NoneType"):
        Credentials("a", None, "c", "d")  # type: ignore[arg-type]


def test_headers_are_case_blind_and_keep_repeats() -> None:
    """Names compare without case; replacing one removes all of that name."""
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3")])

    assert headers.get_all("a") == ("1", "3")
    assert headers.with_(("A", "9")).pairs == (("b", "2"), ("A", "9"))
    assert "B" in headers
    assert headers.get("missing", "none") == "none"
