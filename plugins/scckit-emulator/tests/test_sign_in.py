"""Both layers of signing in (scc-interface.md 1)."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from emulator_browser import LOGIN, Browser

from scckit_emulator import Behaviour, Emulator

PAGE = "data_processing/measurements/"
DOWNLOAD = "data_processing/measurements/20220101aky1100/download-optical/"
API = "api/v1/measurements/"
EXPORT = "admin/database/hoisystems/export/437"
ADMIN = "admin/database/measurements/"
EVERYWHERE = ["", LOGIN, PAGE, DOWNLOAD, API, EXPORT, ADMIN, "nowhere/", "static/admin/img/icon-yes.svg"]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic",
        "Basic !!!",
        "Bearer x",
        "Basic " + base64.b64encode(b"scc-user:wrong").decode(),
    ],
)
def test_http_account_is_asked_everywhere(stranger: Browser, path: str, header: str | None) -> None:
    """Without the right HTTP pair every address answers 401 and says how to ask."""
    stranger.basic = header
    answer = stranger.once("GET", path)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_sign_in_form_sets_the_token(stranger: Browser) -> None:
    """The sign-in page sets the csrftoken cookie and has the form's fields."""
    answer = stranger.get(LOGIN)

    assert answer.status == 200
    assert "csrftoken" in stranger.cookies
    assert all(f'name="{name}"' in answer.text for name in ("csrfmiddlewaretoken", "username", "password"))


def test_right_account_comes_to_the_start_page(stranger: Browser) -> None:
    """The right account is redirected to the start page and has a session."""
    answer = stranger.sign_in()

    assert (answer.path, answer.status) == ("", 200)
    assert "sessionid" in stranger.cookies
    assert "Wrong username or password" not in answer.text


def test_wrong_account_gets_the_form_again(stranger: Browser) -> None:
    """A wrong account gets status 200, the same page and the text that clients look for."""
    answer = stranger.sign_in("wrong")

    assert (answer.path, answer.status) == (LOGIN, 200)
    assert "Wrong username or password" in answer.text
    assert "sessionid" not in stranger.cookies


def test_token_is_renewed_at_sign_in(stranger: Browser) -> None:
    """The token after signing in is another one than before."""
    stranger.get(LOGIN)
    before = stranger.cookies["csrftoken"]
    stranger.sign_in()
    stranger.get("data_processing/measurements/quick/")

    assert before != stranger.cookies["csrftoken"]


def test_form_field_serves_as_token_too(stranger: Browser) -> None:
    """The token may come as form field instead of header."""
    stranger.get(LOGIN)
    account = stranger.emulator.account
    form = (
        f"username={account.username}&password={account.password}&csrfmiddlewaretoken={stranger.cookies['csrftoken']}"
    )
    answer = stranger.once("POST", LOGIN, body=form.encode())

    assert answer.status == 302


def test_without_token_nothing_is_taken(stranger: Browser) -> None:
    """A POST without the token is forbidden."""
    stranger.get(LOGIN)

    assert stranger.once("POST", LOGIN, body=b"username=a&password=b").status == 403


@pytest.mark.parametrize("path", [PAGE, DOWNLOAD, API, ADMIN, ""])
def test_without_session_redirects_to_sign_in(stranger: Browser, path: str) -> None:
    """Without a session every area redirects to the sign-in page and remembers where one wanted to go."""
    answer = stranger.once("GET", path)

    assert answer.status == 302
    assert f"/{LOGIN}?next={quote('/' + path)}" == answer.headers["Location"]


@pytest.mark.parametrize("path", [PAGE, DOWNLOAD, API, ADMIN])
def test_without_session_form_in_place(emulator: Emulator, stranger: Browser, path: str) -> None:
    """On request the form comes in place, with status 200, and posting it there goes on to the address."""
    emulator.behaviour = Behaviour(no_session="form")
    answer = stranger.once("GET", path)
    account = emulator.account
    posted = stranger.post(path, follow=False, username=account.username, password=account.password)

    assert (answer.status, 'name="password"' * ('name="password"' in answer.text)) == (200, 'name="password"')
    assert (302, f"/{path}") == (posted.status, posted.headers["Location"])


def test_without_session_by_area(emulator: Emulator, stranger: Browser) -> None:
    """Pages, downloads and API may answer each in its own way."""
    emulator.behaviour = Behaviour(no_session={"page": "redirect", "download": "form", "api": "401"})

    assert [stranger.once("GET", path).status for path in (PAGE, DOWNLOAD, API)] == [302, 200, 401]


def test_export_needs_the_http_account_only(stranger: Browser) -> None:
    """The CSV export needs no session."""
    assert stranger.once("GET", EXPORT).status == 200


def test_sign_out_by_get(browser: Browser) -> None:
    """A GET of the sign-out address ends the session."""
    assert browser.get("accounts/logout/").status == 200
    assert browser.once("GET", PAGE).status == 302


def test_sessions_can_expire(emulator: Emulator, browser: Browser) -> None:
    """After `end_sessions` everyone has to sign in again, and can."""
    emulator.end_sessions()

    assert browser.once("GET", API).status == 302
    assert browser.sign_in().status == 200
    assert browser.once("GET", API).status == 200
