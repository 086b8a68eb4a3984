"""What the checks say about storages that open more than was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Warning, run_checks
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.db import connections
from django.test import override_settings

from django_mcp import mcp
from django_mcp.declarations import Declarations
from tests.providers.files.asking import mistakes_of, refused

ROOT = Path(__file__).resolve().parents[3]


def warnings(storage: Any = None, **options: Any) -> list[str]:
    """Return the warnings about a storage resource."""
    found = mistakes_of(lambda s: s.storage_resource("x://", storage, **options))
    assert {one.id for one in found} <= {"django_mcp.W011"}
    assert not [one for one in found if one.is_error]
    return [one.text.partition(" can be read")[0] for one in found]


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    """Have folders of files as projects do."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STATIC_URL = "/static/"
    return tmp_path


UPLOADS = ["Everything that was ever uploaded"]
STATIC = ["All static files"]


def test_a_whole_storage_of_uploads_is_warned_of(media: Path) -> None:
    assert warnings() == UPLOADS
    assert warnings("default") == UPLOADS
    assert warnings(FileSystemStorage(media / "media")) == UPLOADS
    assert warnings(FileSystemStorage(media)) == UPLOADS


def test_a_part_of_it_is_not(media: Path) -> None:
    assert warnings(folder="covers") == []
    assert warnings(patterns=["*.pdf"]) == []
    assert warnings(has_permission=lambda context, name: True) == []
    assert warnings(folder=lambda context: "a") == []
    assert warnings(FileSystemStorage(media / "media" / "covers")) == []
    assert warnings(FileSystemStorage(media / "elsewhere")) == []
    assert warnings(InMemoryStorage()) == []


def test_who_means_everything_says_so() -> None:
    assert warnings(patterns=["**"]) == []


def test_another_kind_of_default_storage_is_warned_of_too() -> None:
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STORAGES={"default": memory}):
        assert warnings() == UPLOADS
        assert warnings(folder="a") == []


def test_all_static_files_are_warned_of(media: Path, settings: Any) -> None:
    assert warnings("staticfiles") == STATIC
    assert warnings(FileSystemStorage(media / "static")) == STATIC
    assert warnings("staticfiles", folder="shop") == []
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {"default": memory, "staticfiles": memory}
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    assert warnings("staticfiles") == STATIC


def test_a_project_without_static_files_serves_others(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    settings.STATIC_URL = None
    assert warnings(InMemoryStorage()) == []
    settings.STORAGES = {"default": settings.STORAGES["default"]}
    assert warnings(InMemoryStorage()) == []


def is_refused(storage: Any = None, **options: Any) -> bool:
    """Is it refused to serve what a project keeps to itself?"""
    text = refused(lambda s: s.storage_resource("x://", storage, **options))
    assert "patterns=['**']" in text
    return text.startswith("The settings, code or database of the project")


def test_the_project_itself_is_not_served(settings: Any, monkeypatch: Any) -> None:
    assert is_refused(FileSystemStorage(ROOT))
    assert is_refused(FileSystemStorage(ROOT.parent), folder=ROOT.name)
    assert warnings(FileSystemStorage(ROOT / "docs")) == []
    assert warnings(FileSystemStorage(ROOT), patterns=["**"]) == []
    # So it is when nobody set a folder, and the project is started in its own.
    monkeypatch.chdir(ROOT)
    settings.MEDIA_ROOT = ""
    assert is_refused()
    assert warnings(folder="covers") == []


def test_a_database_among_the_uploads_is_not_served(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = media / "media" / "db.sqlite3"
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
    monkeypatch.setitem(connections.settings, "default", database)
    assert is_refused()
    assert warnings(folder="covers") == []
    elsewhere = {"ENGINE": "django.db.backends.postgresql", "NAME": str(name)}
    monkeypatch.setitem(connections.settings, "default", elsewhere)
    assert warnings() == UPLOADS


@pytest.mark.django_db
def test_the_check_says_it_with_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "declarations", Declarations())
    before = mcp.registry.snapshot()
    try:
        mcp.storage_resource("x://uploads")
        found = [one for one in run_checks() if one.id == "django_mcp.W011"]
    finally:
        mcp.registry.restore(before)
    [warning] = found
    assert isinstance(warning, Warning)
    assert warning.msg.startswith(f"{__file__}:")
    assert "patterns=['**']" in warning.msg
