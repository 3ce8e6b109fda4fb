"""Signing in and out, and the start page (scc-interface.md 1.2 to 1.4)."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

__all__ = ["home", "sign_in", "sign_out"]


class _SignInForm(AuthenticationForm):
    error_messages = {  # noqa: RUF012 - Django's form
        "invalid_login": "Wrong username or password",
        "inactive": "This account is inactive",
    }


class _SignIn(LoginView):
    template_name = "scc/login.html"
    authentication_form = _SignInForm
    next_page: str | None = None


def sign_in(request: HttpRequest, next_page: str | None = None) -> HttpResponseBase:
    """The sign-in page: a wrong account gets it again with status 200 (1.3).

    Args:
        request: The request.
        next_page: Where to go then; from the request's ``next`` or the start page if None.
    """
    return _SignIn.as_view(next_page=next_page)(request)


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, by GET too, as all clients do it (1.4)."""
    logout(request)
    return redirect("/accounts/login/")


def home(request: HttpRequest) -> HttpResponse:
    """The start page."""
    return render(request, "scc/home.html")
