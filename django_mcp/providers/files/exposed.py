"""Refuse or warn of what a storage resource opens and nobody may have meant to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from django.apps import apps
from django.conf import ENVIRONMENT_VARIABLE, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import (
    FileSystemStorage,
    default_storage,
    storages,
)
from django.db import connections

from django_mcp.providers.files.folders import MISSING, Rules
from django_mcp.providers.files.stored import Storage


def warning_about(storage: Storage, rules: Rules) -> str:
    """Return what to say about serving this much of a storage, if anything.

    ``patterns=["**"]`` says that everything is meant.

    Raises: ImproperlyConfigured, where the project itself lies
    """
    if callable(rules.folder) or rules.patterns or rules.has_permission:
        return ""
    hint = (
        " Name a folder, patterns or has_permission; patterns=['**'] says that it"
        " is meant."
    )
    if any(_holds(storage, place, rules.folder) for place in _places_of_project()):
        raise ImproperlyConfigured(
            "The settings, code or database of the project could be read here." + hint
        )
    if rules.folder:
        return ""
    if _holds(storage, settings.MEDIA_ROOT) or storage == default_storage:
        return "Everything that was ever uploaded can be read here." + hint
    if _holds(storage, settings.STATIC_ROOT) or _is_static(storage):
        return "All static files can be read here, also those of the admin." + hint
    return ""


def _is_static(storage: Storage) -> bool:
    if not apps.is_installed("django.contrib.staticfiles"):
        return False
    try:
        return bool(storage == storages["staticfiles"])
    except ImproperlyConfigured:  # the project has none: no STATIC_URL, for one
        return False


def _places_of_project() -> Iterator[object]:
    """Yield where the settings are, and databases that are files.

    With MEDIA_ROOT unset, which means the working directory, all are uploads.
    """
    module = sys.modules.get(os.environ.get(ENVIRONMENT_VARIABLE, ""))
    yield getattr(module, "__file__", None)
    for database in connections.settings.values():
        if database["ENGINE"].endswith(("sqlite3", "spatialite")):
            yield database["NAME"]


def _holds(storage: Storage, place: object, folder: str = "") -> bool:
    """Is a place on the disk the folder of a storage, or below it?"""
    if not place or not isinstance(storage, FileSystemStorage):
        return False
    try:
        root = os.path.realpath(storage.path(folder))
    except (NotImplementedError, *MISSING):
        return False
    inner = os.path.realpath(str(place))
    return inner == root or inner.startswith(os.path.join(root, ""))
