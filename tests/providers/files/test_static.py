"""Static files: where they are written, and where they were collected."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.utils.functional import empty

from django_mcp import MCPServer
from django_mcp.providers.files.static import StaticFiles
from tests.providers.files.asking import (
    contents,
    grow,
    is_missing,
    listed,
    names,
    refused,
    settled,
    suggested,
)

BACKEND = "django.contrib.staticfiles.storage"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Return where a project with two folders of static files is."""
    grow(tmp_path / "src", "shop/app.css", "shop/js/a.js", "other.css", "shop/.env")
    grow(tmp_path, "key.txt", "brand/logo.svg")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    settings.STATICFILES_DIRS = [tmp_path / "src", ("brand", tmp_path / "brand")]
    settings.STATIC_URL = "/static/"
    settings.STATIC_ROOT = None
    settings.DEBUG = False
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """Let Django look at the settings again."""
    finder: Any = finders.get_finder
    finder.cache_clear()
    lazy: Any = staticfiles_storage
    lazy._wrapped = empty


def collect(
    settings: Any, root: Path, kind: str = "StaticFilesStorage", **how: Any
) -> None:
    settings.STATIC_ROOT = str(root)
    settings.STORAGES = {
        **settings.STORAGES, "staticfiles": {"BACKEND": f"{BACKEND}.{kind}"},
    }  # fmt: skip
    forget()
    call_command("collectstatic", interactive=False, verbosity=0, **how)
    forget()


def shop(**options: Any) -> MCPServer:
    """Return a server with the static files of the shop."""
    options = {"folder": "shop", **options}
    server = settled(lambda server: server.static_resource("static://shop/", **options))
    assert server.declarations.mistakes == []
    return server


def check(server: MCPServer) -> None:
    """Are the shop's files there, and no others?"""
    assert contents(server, "static://shop/app.css") == "shop/app.css"
    assert contents(server, "static://shop/js/a.js") == "shop/js/a.js"
    for path in ("other.css", "../other.css", ".env", "js", "lost", "../../key.txt"):
        assert is_missing(server, f"static://shop/{path}")


@pytest.mark.parametrize("debug", [True, False])
def test_files_are_found_where_they_are_written(debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    check(shop())


def test_files_are_found_where_they_were_collected(
    project: Path, settings: Any
) -> None:
    collect(settings, project / "root")
    (project / "root/shop/app.css").write_text("collected")
    assert contents(shop(), "static://shop/app.css") == "collected"
    settings.DEBUG = True
    assert contents(shop(), "static://shop/app.css") == "shop/app.css"


def test_collected_links_are_followed(project: Path, settings: Any) -> None:
    collect(settings, project / "root", link=True)
    assert (project / "root/shop/app.css").is_symlink()
    check(shop())


def test_a_manifest_is_read_by_the_names_that_templates_use(
    project: Path, settings: Any
) -> None:
    collect(settings, project / "root", "ManifestStaticFilesStorage")
    hashed = Path(staticfiles_storage.stored_name("shop/app.css")).name  # type: ignore[attr-defined]
    server = shop(listing=True, patterns=["*.css", "*.js"])
    assert contents(server, "static://shop/app.css") == "shop/app.css"
    assert names(server, "static://shop/") == ["app.css", "js/"]
    # Some servers keep only the hashed copies.
    (project / "root/shop/app.css").unlink()
    (project / f"root/shop/{hashed}").write_text("hashed")
    assert contents(server, "static://shop/app.css") == "hashed"
    assert contents(server, f"static://shop/{hashed}") == "hashed"


@pytest.mark.parametrize("collected", [False, True])
def test_folders_are_listed(project: Path, settings: Any, collected: bool) -> None:
    if collected:
        collect(settings, project / "root")
    server = shop(listing="details")
    page = listed(server, "static://shop/")
    assert [one["name"] for one in page["entries"]] == ["app.css", "js/"]
    assert page["entries"][0]["size"] == 12
    assert page["entries"][0]["lastModified"]
    assert names(server, "static://shop/js") == ["a.js"]
    assert suggested(server, "static://shop/{+path}{?after}", "path", "js/") == [
        "js/a.js"
    ]
    everything = shop(folder="", patterns=["**"], listing=True)
    assert "brand/" in names(everything, "static://shop/")
    assert contents(everything, "static://shop/brand/logo.svg") == "brand/logo.svg"


def test_a_template_finds_what_is_not_collected_yet(
    project: Path, settings: Any
) -> None:
    collect(settings, project / "root")
    (project / "root/shop/app.css").write_text("collected")
    (project / "root/shop/js/a.js").unlink()
    strict, lenient = StaticFiles(), StaticFiles(uncollected=True)

    def words(storage: StaticFiles, name: str) -> Any:
        with storage.open(name) as file:
            return file.read()

    assert words(strict, "shop/app.css") == b"collected"
    assert words(lenient, "shop/app.css") == b"collected"
    assert not strict.exists("shop/js/a.js")
    assert words(lenient, "shop/js/a.js") == b"shop/js/a.js"


def test_patterns_choose_static_files() -> None:
    server = shop(folder="", patterns=["*.svg"])
    assert contents(server, "static://shop/brand/logo.svg")
    assert is_missing(server, "static://shop/shop/app.css")


def test_the_whole_is_served_only_when_it_is_said() -> None:
    text = refused(lambda server: server.static_resource("static://"))
    assert "a folder, or patterns" in text
    assert "patterns=['**']" in text


def test_a_project_without_static_files_is_told(settings: Any) -> None:
    settings.INSTALLED_APPS = settings.INSTALLED_APPS[:-1]
    text = refused(lambda server: server.static_resource("static://", folder="a"))
    assert "django.contrib.staticfiles" in text


def test_a_storage_of_static_files_is_a_storage() -> None:
    files = StaticFiles()
    assert files.exists("shop/app.css")
    assert not files.exists("shop")
    assert not files.exists("lost")
    assert files.size("shop/app.css") == 12
    assert isinstance(files.get_modified_time("shop/app.css"), datetime.datetime)
    for ask in (files.open, files.size, files.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("lost")


def test_a_pipe_among_static_files_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "src/shop/pipe")
    assert is_missing(shop(), "static://shop/pipe")
