"""Cassettes as files: what is read without trust, and what is said of files that are none."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scckit.errors import LocalFileError
from scckit.plugins import Headers
from scckit_replay.cassette import Cassette, Interaction, write

URL = "https://scc.example/api/v1/"


def one(body="{}", headers=None, *, method="GET", uri=URL, status=200) -> dict[str, object]:
    """Make a cassette of one interaction as vcrpy keeps it."""
    request = {"method": method, "uri": uri, "body": None, "headers": {}}
    response = {"status": {"code": status, "message": ""}, "headers": headers or {}, "body": {"string": body}}
    return {"version": 1, "interactions": [{"request": request, "response": response}]}


def parsed(data: object) -> Interaction:
    """Read a cassette of one interaction."""
    return Cassette.parse(yaml.safe_dump(data).encode()).interactions[0]


@example(content=b"!!timestamp later")
@example(content=b"!!bool maybe")
@example(content=b"[" * 5000)
@example(content=b"{" * 5000)
@example(content=b"version: 1\ninteractions: &a [*a]\n")
@settings(deadline=None)
@given(content=st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_cassette_or_our_error(content: bytes) -> None:
    """Whatever a file holds, reading it gives a cassette or ``LocalFileError``."""
    try:
        cassette = Cassette.parse(content, "odd.yaml")
    except LocalFileError as error:
        assert "odd.yaml" in str(error)
    else:
        assert isinstance(cassette, Cassette)


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5)
KEYS = st.sampled_from(
    ["version", "interactions", "request", "response", "method", "uri", "status", "code", "headers", "body", "string"]
)


@given(
    data=st.recursive(
        PLAIN | st.sampled_from([1, 200, "GET", URL]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
        max_leaves=12,
    ),
    where=st.sampled_from(["whole", "interaction", "request", "response", "status", "headers", "body"]),
)
def test_any_shape_is_a_cassette_or_our_error(data: object, where: str) -> None:
    """Whatever stands where a part of a cassette should, it is taken for what it is or refused."""
    whole = one()
    interaction = whole["interactions"][0]
    if where == "whole":
        whole = data
    elif where == "interaction":
        whole["interactions"] = [data]
    elif where in {"request", "response"}:
        interaction[where] = data
    else:
        interaction["response"][where] = data
    try:
        read = Cassette.parse(yaml.safe_dump(whole).encode())
    except LocalFileError:
        return
    assert all(isinstance(each.body, bytes) and each.status in range(100, 1000) for each in read.interactions)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "neither YAML nor JSON"),
        (b"a: [", "neither YAML nor JSON"),
        (b'{"version": 1, ', "neither YAML nor JSON"),
        (b"", "found nothing"),
        (b"- request: {}", "found list"),
        (b"version: 2\ninteractions: []", "found version 2"),
        (b"version: true\ninteractions: []", "found version True"),
        (b"interactions: []", "found version None"),
        (b"version: 1\ninteractions: 5", "int as 'interactions'"),
        (b"http_interactions: []\nrecorded_with: VCR 6", "another VCR"),
        (b"version: 1\ninteractions: [{}]", "interaction 1 has nothing where the mapping 'request'"),
        (yaml.safe_dump(one(uri="ftp://scc.example/")).encode(), "no absolute HTTP address"),
        (yaml.safe_dump(one(uri="http://[")).encode(), "no absolute HTTP address"),
        (yaml.safe_dump(one(status="200")).encode(), "no answer with a status"),
        (yaml.safe_dump(one(body=5)).encode(), "has int as a body"),
        (yaml.safe_dump(one(headers=[])).encode().replace(b"headers: {}", b"headers: [a]"), "has list as headers"),
        (yaml.safe_dump(one(headers={"X": [None]})).encode(), "a header that is no text"),
        (json.dumps(one(body="\ud83d")).encode(), "half a character"),
    ],
)
def test_what_is_no_cassette_is_told_so(content: bytes, said: str) -> None:
    """The message names the file, what was found, and that it should be recorded again or by whom."""
    with pytest.raises(LocalFileError, match=r"search\.yaml.*record") as caught:
        Cassette.parse(content, "search.yaml")

    assert said in str(caught.value)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.mkdir [{}]", "!!python/name:os.system ''", "!own {}"])
def test_objects_of_python_are_never_made(tmp_path: Path, tag: str) -> None:
    """A file that asks for code to run is refused, and the code does not run."""
    made = tmp_path / "made"
    (tmp_path / "evil.yaml").write_text(f"version: 1\ninteractions: [{tag.format(made)}]")

    with pytest.raises(LocalFileError, match="plain types"):
        Cassette.read(tmp_path / "evil.yaml")
    assert not made.exists()


@pytest.mark.parametrize("path", ["absent.yaml", "", ".", "a\0b"])
def test_a_file_that_is_not_there_is_told_so(tmp_path: Path, path: str) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(LocalFileError, match="cannot be read"):
        Cassette.read(f"{tmp_path}/{path}" if path else path)


@pytest.mark.parametrize("write_it", [yaml.safe_dump, json.dumps])
def test_both_languages_are_read(write_it) -> None:
    """YAML and JSON say the same, texts beyond ASCII too."""
    data = one(body='{"ä": "\U0001f600"}', headers={"Set-Cookie": ["a=1", "b=2"], "X-One": "1", "Content-Length": 16})
    read = Cassette.parse(write_it(data).encode()).interactions[0]

    assert read.body == '{"ä": "\U0001f600"}'.encode()
    assert read.headers.get_all("set-cookie") == ("a=1", "b=2")
    assert (read.headers.get("x-one"), read.headers.get("content-length")) == ("1", str(len(read.body)))
    assert (str(read), read.status) == ("GET /api/v1/", 200)


PLAIN_BODY = b"plain words " * 20
PACKED = gzip.compress(PLAIN_BODY, mtime=0)
BARE = zlib.compress(PLAIN_BODY)[2:-4]


@pytest.mark.parametrize(
    ("encoding", "length", "body", "encoding_after"),
    [
        ("gzip", len(PACKED), PLAIN_BODY, ""),
        ("gzip", len(PACKED), PACKED, "gzip"),
        ("gzip", None, PLAIN_BODY, ""),
        ("x-gzip", None, PACKED, "x-gzip"),
        ("deflate", 7, PLAIN_BODY, ""),
        ("deflate", None, zlib.compress(PLAIN_BODY), "deflate"),
        ("deflate", None, BARE, "deflate"),
        ("br", 7, PLAIN_BODY, ""),
        ("br", 5, b"\x00brot", "br"),
        ("identity", 3, PLAIN_BODY, "identity"),
        ("", 3, PLAIN_BODY, ""),
        ("gzip", 0, b"", ""),
        ("deflate", 0, b"", ""),
    ],
)
def test_heads_tell_the_truth_about_the_body(
    encoding: str, length: int | None, body: bytes, encoding_after: str
) -> None:
    """The length is that of the bytes that are there, and what vcrpy has unpacked is not said to be packed."""
    headers = {"Content-Encoding": [encoding]} if encoding else {}
    headers |= {} if length is None else {"Content-Length": [str(length)]}
    read = parsed(one(body, headers))

    assert read.body == body
    assert read.headers.get("content-encoding") == encoding_after
    assert read.headers.get("content-length") == ("" if length is None else str(len(body)))


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_heads_without_a_body_are_left_alone(method: str, status: int) -> None:
    """Where there is no body, the length counts none and stays."""
    read = parsed(one("", {"Content-Length": ["10"], "Content-Encoding": ["gzip"]}, method=method, status=status))

    assert read.headers.pairs == (("Content-Encoding", "gzip"), ("Content-Length", "10"))


@given(
    body=st.binary() | st.text().map(str.encode),
    values=st.lists(st.text(st.characters(codec="utf-8")), max_size=3),
    status=st.integers(100, 999),
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, body, values, status) -> None:
    """Any body and any header value comes back from a file as it was."""
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    headers = Headers(("X-Value" if number % 2 else "x-value", value) for number, value in enumerate(values))
    write(path, [Interaction("GET", URL, status, headers, body, "text/plain", "(body)")])
    read = Cassette.read(path).interactions

    assert [(each.method, each.url, each.status, each.body) for each in read] == [("GET", URL, status, body)]
    assert read[0].headers.get_all("X-Value") == tuple(values)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """What refuses is named, and no half file stays behind."""
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()

    with pytest.raises(LocalFileError, match="a file is where a folder is needed"):
        write(tmp_path / "file" / "cassette.yaml", [])
    with pytest.raises(LocalFileError, match="is a folder"):
        write(tmp_path / "folder", [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
