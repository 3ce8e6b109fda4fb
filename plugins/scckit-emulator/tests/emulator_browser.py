"""A browser for the emulator that needs no socket, on the standard library, and names that the tests share."""

from __future__ import annotations

import base64
import http.client
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from scckit_emulator import Emulator

ORIGIN = "http://scc.example"
LOGIN = "accounts/login/"
QUICK = "data_processing/measurements/quick/"
ID = "20210307aky0930"
START = datetime(2021, 3, 7, 9, 30, tzinfo=UTC)
STOP = datetime(2021, 3, 7, 11, 0, tzinfo=UTC)
#: Longer than any run at the usual pace.
LONG = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def path(self) -> str:
        """Where it came from, without origin."""
        return self.url.removeprefix(ORIGIN + "/")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def archive(self) -> zipfile.ZipFile:
        """The body as an archive."""
        return zipfile.ZipFile(io.BytesIO(self.body))


class Browser:
    """Keeps cookies, sends the HTTP account, follows redirects."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.cookies: dict[str, str] = {}
        account = emulator.account
        self.basic: str | None = (
            "Basic " + base64.b64encode(f"{account.http_user}:{account.http_password}".encode()).decode()
        )

    def once(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        content_type: str = "application/x-www-form-urlencoded",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One exchange, without following."""
        url = urljoin(ORIGIN + "/", path)
        parts = urlsplit(url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "scc.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
        }
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        if self.basic is not None:
            sent["Authorization"] = self.basic
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.items() if value}
        got: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self.emulator.wsgi(environ, lambda status, fields, error=None: got.append((status, fields)))  # type: ignore[arg-type]
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, fields = got[0]
        message = http.client.HTTPMessage()
        for name, value in fields:
            message[name] = value.strip()  # as on the wire
        self._keep(message)
        return Answer(url, int(status[:3]), message, content)

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for line in headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == 0 or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.coded_value

    def get(self, path: str, **query: object) -> Answer:
        """GET, following redirects."""
        answer = self.once("GET", f"{path}?{urlencode(query)}" if query else path)
        for _ in range(5):
            if answer.status not in {301, 302}:
                return answer
            answer = self.once("GET", urljoin(answer.url, answer.headers["Location"]))
        raise AssertionError(f"redirects without end at {answer.url}")

    def _follow(self, answer: Answer) -> Answer:
        return self.get(urljoin(answer.url, answer.headers["Location"])) if answer.status == 302 else answer

    def _token(self, path: str) -> dict[str, str]:
        return {"X-CSRFToken": self.cookies.get("csrftoken", ""), "Referer": urljoin(ORIGIN + "/", path)}

    def post(self, path: str, follow: bool = True, **form: object) -> Answer:
        """POST of a form."""
        answer = self.once("POST", path, body=urlencode(form).encode(), headers=self._token(path))
        return self._follow(answer) if follow else answer

    def sign_in(self, password: str | None = None) -> Answer:
        """Sign in as the clients do."""
        self.get(LOGIN)
        account = self.emulator.account
        return self.post(LOGIN, username=account.username, password=password or account.password)

    def upload(self, *, follow: bool = True, fields: Mapping[str, object], **files: Path) -> Answer:
        """The quick upload."""
        self.get(QUICK)
        boundary = "------------------------boundary"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for name, path in files.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{path.name}"\r\n'
            parts.append(
                head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + path.read_bytes() + b"\r\n"
            )
        parts.append(f"--{boundary}--\r\n".encode())
        answer = self.once(
            "POST",
            QUICK,
            body=b"".join(parts),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=self._token(QUICK),
        )
        return self._follow(answer) if follow else answer

    def measurement(self, measurement_id: str = ID) -> dict[str, Any]:
        """A measurement of the API."""
        answer = self.get(f"api/v1/measurements/{measurement_id}/")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def rows(answer: Answer) -> list[dict[str, str]]:
    """Rows of an admin list: text or icon by the name of the cell."""
    found = []
    for row in re.findall(r'<tr class="grp-row[^"]*">(.*?)</tr>', answer.text, re.DOTALL):
        cells = re.findall(r'<t([dh]) class="field-(\w+)[^"]*">(.*?)</t\1>', row, re.DOTALL)
        icons = {name: re.search(r'<img [^>]*alt="([^"]*)"', cell) for _, name, cell in cells}
        texts = {name: re.sub(r"<[^>]*>", "", cell) for _, name, cell in cells}
        found.append({name: icon.group(1) if (icon := icons[name]) else texts[name] for name in texts})
    return found


def ids(answer: Answer) -> list[str]:
    """IDs in a list of the API."""
    return [each["id"] for each in answer.json()["objects"]]
