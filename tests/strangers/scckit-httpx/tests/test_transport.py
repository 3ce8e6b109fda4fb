"""What the contract leaves to each transport: how settings and addresses are checked, and what is said."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("scckit_httpx", reason="strangers are tested in an environment of their own: tox run -e strangers")

from scckit_httpx import make_transport
from scckit_httpx.transport import HttpxTransport

from scckit.errors import ConfigurationError, InvalidInput, TransportError
from scckit.plugins import Request, TransportSettings
from scckit.testing.server import ScriptedServer, answer


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (TransportSettings("scc.example"), "no absolute HTTP address"),
        (TransportSettings("ftp://scc.example/"), "no absolute HTTP address"),
        (TransportSettings("https://user:s3cret@[::1/"), "no absolute HTTP address"),
        (TransportSettings("https://scc.example/", connections=0), "1 connection at least"),
        (TransportSettings("https://scc.example/", read_timeout=0), "time-outs above 0"),
        (TransportSettings("https://scc.example/", argument="fast"), "takes no argument"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: TransportSettings, said: str) -> None:
    """What is wrong is said when the transport is made, without what may be secret."""
    with pytest.raises(InvalidInput, match=said) as caught:
        make_transport(settings)

    assert "s3cret" not in str(caught.value)


def test_authorities_that_are_none_are_refused(tmp_path: Path) -> None:
    """A file of certificate authorities that is not there is told by its name."""
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        make_transport(TransportSettings("https://scc.example/", verify=tmp_path / "missing.pem"))


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://elsewhere.example/"),
        Request("GET", "https://127.0.0.1/"),
        Request("GET", "/relative/"),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET SOON", "http://127.0.0.1/"),
        Request("GET", "http://127.0.0.1/", {"Not A Name": "1"}),
        Request("GET", "http://127.0.0.1/", {"X-Half": "\ud800"}),
    ],
    ids=["host", "scheme", "relative", "port", "method", "name", "value"],
)
def test_requests_that_cannot_be_sent_are_refused(request_: Request) -> None:
    """Another origin, or what is no request: nothing leaves."""
    transport = HttpxTransport(TransportSettings("http://127.0.0.1/"))

    with pytest.raises(InvalidInput):
        asyncio.run(transport.open(request_))


def test_another_loop_is_told_so() -> None:
    """On a second loop it says what to do, in place of failing somewhere inside."""
    with ScriptedServer(answer()) as server:
        transport = HttpxTransport(TransportSettings(server.url()))

        async def once() -> None:
            exchange = await transport.open(Request("GET", server.url()))
            await exchange.aclose()

        asyncio.run(once())
        with pytest.raises(TransportError, match="another event loop"):
            asyncio.run(once())


def test_its_state_shows() -> None:
    """It tells where it leads and whether it is open, and no password."""
    transport = HttpxTransport(TransportSettings("https://user:s3cret@scc.example/data/"))

    assert repr(transport) == "<HttpxTransport scc.example/data/ open>"
    asyncio.run(transport.aclose())
    assert repr(transport) == "<HttpxTransport scc.example/data/ closed>"


def test_the_plugin_is_quick_to_import() -> None:
    """Looking at what is installed does not import httpx."""
    code = "import sys, scckit_httpx; sys.exit('httpx' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
