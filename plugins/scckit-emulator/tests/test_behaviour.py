"""Behaviours and accounts: what can be asked for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from scckit_emulator import Account, Behaviour


@pytest.mark.parametrize(
    "wrong",
    [
        {"generation": "old"},
        {"cells": "_ok_new"},
        {"missing_product": "500"},
        {"delete_unknown": "410"},
        {"system_as": "name"},
        {"no_session": "403"},
        {"no_session": {"page": "403"}},
        {"no_session": {"zip": "401"}},
        {"page_size": 0},
        {"api_page_size": 0},
        {"api_lag": -1},
        {"queue_seconds": float("nan")},
        {"failing_modules": ["ELDA"]},
        {"failing_modules": {437: ["ltool"]}},
    ],
)
def test_refuses_what_it_cannot_do(wrong: dict[str, Any]) -> None:
    """A value out of range is refused, and the message names it."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Behaviour(**wrong)


def test_a_text_is_no_collection_of_modules() -> None:
    """One name given as text is refused, not taken letter by letter."""
    with pytest.raises(TypeError, match="elda"):
        Behaviour(failing_modules="elda")


def test_no_session_by_area() -> None:
    """An area that is not named redirects."""
    behaviour = Behaviour(no_session={"api": "401"})

    assert (behaviour.without_session("api"), behaviour.without_session("page")) == ("401", "redirect")


def test_failing_modules_by_measurement_and_system() -> None:
    """Modules that fail can be named for one measurement and for a system."""
    failing: dict[str | int, list[str]] = {"20210307aky0930": ["elda"], 437: ["elpp"]}
    behaviour = Behaviour(failing_modules=failing)

    assert {"elda", "elpp"} == behaviour.failing("20210307aky0930", 437)
    assert frozenset() == behaviour.failing("20210307aky0931", 438)


def test_account_keeps_its_secrets() -> None:
    """Neither password shows in the representation."""
    account = Account(http_password="first-secret", password="second-secret")

    assert "secret" not in repr(account)


@pytest.mark.parametrize("wrong", [{"http_user": "a:b"}, {"http_user": ""}, {"password": ""}])
def test_account_refuses_what_cannot_be_sent(wrong: dict[str, str]) -> None:
    """A colon in the HTTP user and empty values are refused."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Account(**wrong)
