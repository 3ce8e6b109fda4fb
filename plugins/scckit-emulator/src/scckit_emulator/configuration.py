"""Django's settings, made once in a process, and the empty database that each emulator begins with.

Nothing of Django's models may be imported before `configure` has run.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.db import connections

__all__ = ["configure", "connect", "copy_database", "create_tables", "disconnect", "restore_database"]

_lock = threading.Lock()
_template: sqlite3.Connection | None = None

_APPLICATIONS = (
    # Grappelli's templates must be found before those of the admin.
    "grappelli",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "scckit_emulator.site",
)
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "scckit_emulator.site.middleware.SignInMiddleware",
)


def configure() -> None:
    """Configure Django for the emulator, once.

    Raises:
        RuntimeError: Something else has configured Django in this process.
    """
    with _lock:
        if settings.configured:
            if getattr(settings, "ROOT_URLCONF", "") != "scckit_emulator.site.urls":
                raise RuntimeError(
                    "Django is already configured for another site in this process; run the emulator in a process of "
                    "its own with 'python -m scckit_emulator'"
                )
            return
        settings.configure(
            ALLOWED_HOSTS=["*"],
            APPEND_SLASH=True,
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": "",
                    "OPTIONS": {
                        # Threads of the server write at the same time: they wait for each other.
                        "timeout": 30,
                        "transaction_mode": "IMMEDIATE",
                        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                    },
                }
            },
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
            FILE_UPLOAD_HANDLERS=["django.core.files.uploadhandler.TemporaryFileUploadHandler"],
            FORMAT_MODULE_PATH="scckit_emulator.site.formats",
            GRAPPELLI_ADMIN_TITLE="Station admin",
            INSTALLED_APPS=_APPLICATIONS,
            LANGUAGE_CODE="en-us",
            LOGGING_CONFIG=None,
            LOGIN_REDIRECT_URL="/",
            LOGIN_URL="/accounts/login/",
            MESSAGE_STORAGE="scckit_emulator.site.generation.MessageCookie",
            MIDDLEWARE=_MIDDLEWARE,
            # Fast on purpose: what is hashed are made-up passwords of a stand-in.
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            ROOT_URLCONF="scckit_emulator.site.urls",
            SECRET_KEY=secrets.token_urlsafe(32),
            STATIC_URL="/static/",
            TEMPLATES=[
                {
                    "BACKEND": "django.template.backends.django.DjangoTemplates",
                    "APP_DIRS": True,
                    "OPTIONS": {
                        "context_processors": [
                            "django.template.context_processors.request",
                            "django.contrib.auth.context_processors.auth",
                            "django.contrib.messages.context_processors.messages",
                        ]
                    },
                }
            ],
            TIME_ZONE="UTC",
            USE_I18N=False,
            # The SCC's times are UTC and carry no zone (scc-interface.md 4.3).
            USE_TZ=False,
        )
        django.setup()
        # What there is to say goes to whoever listens, and not to standard error where nobody does. An unknown ID is an
        # answer like another: nobody wants a line for each.
        for name in ("django", "scckit_emulator"):
            logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger("django.request").setLevel(logging.ERROR)


def connect(database: Path, uploads: Path) -> None:
    """Let Django use a database file and a folder for arriving uploads."""
    # In place: the connections of all threads share these settings.
    connections.settings["default"]["NAME"] = str(database)
    settings.FILE_UPLOAD_TEMP_DIR = str(uploads)


def disconnect() -> None:
    """Close this thread's connections; those of the server's threads end with each request."""
    if settings.configured:
        connections.close_all()


def create_tables() -> None:
    """Bring the database that Django uses to its first state: all tables, no rows but Django's content types."""
    with _lock:
        restore_database(_empty_database())


def copy_database() -> sqlite3.Connection:
    """A copy of the database that Django uses, in memory; whoever asks for it closes it."""
    connection = connections["default"]
    connection.ensure_connection()
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    connection.connection.backup(copy)
    return copy


def restore_database(copy: sqlite3.Connection) -> None:
    """Put a copy in the place of the database that Django uses, at once for all who read it."""
    connection = connections["default"]
    connection.ensure_connection()
    copy.backup(connection.connection)


def _empty_database() -> sqlite3.Connection:
    """All tables, made once in a process and copied from then on, which is faster than migrations."""
    global _template  # noqa: PLW0603 - a cache for the process, as Django's settings are
    if _template is None:
        with connections["default"].schema_editor() as editor:
            for model in apps.get_models(include_auto_created=False):
                editor.create_model(model)
        content_types = apps.get_model("contenttypes", "ContentType")
        for model in apps.get_models():
            content_types.objects.get_for_model(model)
        _template = copy_database()
    return _template
