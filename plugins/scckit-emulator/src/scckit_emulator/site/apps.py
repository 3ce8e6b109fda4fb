"""The Django application: its label gives the admin its addresses ``admin/database/…`` (scc-interface.md 2.5)."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["DatabaseConfig"]


class DatabaseConfig(AppConfig):
    """The application."""

    name = "scckit_emulator.site"
    label = "database"
    verbose_name = "Database"
    default_auto_field = "django.db.models.AutoField"
