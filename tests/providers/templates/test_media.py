"""Pictures and sounds come from names of the template's, or from opened files."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.test import override_settings

from django_mcp import Audio, Image, ToolError
from django_mcp.providers.templates import media
from tests.providers.templates.telling import (
    Write,
    messages,
    refused,
    server_with,
    wrong,
)
from tests.testapp.models import Item

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
BLOCK = {
    "type": "image",
    "data": base64.b64encode(PNG).decode(),
    "mimeType": "image/png",
}


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """Folders for static files and for the storage."""
    get_finder: Any = finders.get_finder
    clear = get_finder.cache_clear
    for name in ("static", "media"):
        (tmp_path / name).mkdir()
    (tmp_path / "static" / "logo.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    with override_settings(
        STATICFILES_DIRS=[tmp_path / "static"],
        STATIC_URL="static/",
        MEDIA_ROOT=tmp_path / "media",
    ):
        clear()
        default_storage.save("cover.png", ContentFile(PNG))
        yield
    clear()


@pytest.mark.usefixtures("files")
class TestFiles:
    def test_a_static_file_is_named_by_the_template(self, write: Write) -> None:
        write("a.md", '{% load mcp %}See {% image "logo.png" %}')
        found = messages(server_with("a.md"), "a")
        assert [one["content"] for one in found] == [
            {"type": "text", "text": "See"},
            BLOCK,
        ]

    def test_a_name_leads_nowhere_else(self, write: Write) -> None:
        write("a.md", '{% load mcp %}{% image "../secret.png" %}')
        assert "there is no static file '../secret.png'" in wrong("a.md")
        write("b.md", '{% load mcp %}{% image "/etc/passwd" %}')
        assert "there is no static file" in wrong("b.md")

    def test_a_file_of_a_storage_is_named_by_the_template(self, write: Write) -> None:
        write("a.md", '{% load mcp %}{% image "cover.png" storage="default" %}')
        [message] = messages(server_with("a.md"), "a")
        assert message["content"] == BLOCK

    @pytest.mark.parametrize("path", ["logo.png", "cover.png", "/etc/passwd", ""])
    def test_an_argument_is_never_a_name(self, write: Write, path: str) -> None:
        write("a.md", "{% load mcp %}{% argument file %}\n{% image file %}")
        assert "a.md:2: an argument is text, and 'file' never a file" in wrong("a.md")
        # What a function gives is known only when it was called.
        server = server_with("a.md", context=lambda: {})
        with pytest.raises(TypeError, match="no str"):
            messages(server, "a", {"file": path})

    def test_a_field_is_read_through_its_storage(self, write: Write) -> None:
        write("a.md", "{% load mcp %}Cover:{% image item.manual %}")
        item = Item(manual="cover.png")
        found = messages(server_with("a.md", context={"item": item}), "a")
        assert found[1]["content"] == BLOCK
        empty = messages(server_with("a.md", context={"item": Item()}), "a")
        assert [one["content"]["text"] for one in empty] == ["Cover:"]

    def test_what_is_no_picture_is_not_sent_as_one(self, write: Write) -> None:
        default_storage.save("page.html", ContentFile(b"<html>"))
        write("a.md", '{% load mcp %}{% image "page.html" storage="default" %}')
        with pytest.raises(TypeError, match="text/html is no image"):
            messages(server_with("a.md"), "a")

    def test_a_file_that_is_too_large_is_refused(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(media, "MAX_SIZE", 4)
        write("a.md", '{% load mcp %}{% image "logo.png" %}')
        assert "larger than 4 bytes" in refused(server_with("a.md"), "a")

    def test_the_bytes_say_more_than_the_name(self) -> None:
        field: Any = Item._meta.get_field("manual")
        item = Item(manual=default_storage.save("cover.gif", ContentFile(PNG)))
        file = item.manual
        assert isinstance(file, FieldFile)
        assert field.name == "manual"
        found = media.content_from("image", media.Source(value=file))
        assert found is not None
        assert found.mime_type == "image/png"

    def test_a_missing_file_of_a_storage_is_an_error_of_the_project(self) -> None:
        with pytest.raises(FileNotFoundError):
            media.content_from("image", media.Source("no.png", storage="default"))


def test_content_that_the_project_made_goes_as_it_is(write: Write) -> None:
    write("a.md", "{% load mcp %}{% image picture %}{% audio sound %}")
    values = {"picture": Image(PNG), "sound": Audio(b"OggS")}
    found = messages(server_with("a.md", context=values), "a")
    assert [one["content"]["type"] for one in found] == ["image", "audio"]


def test_a_sound_is_no_picture() -> None:
    with pytest.raises(TypeError, match="audio/ogg is no image"):
        media.content_from("image", media.Source(value=Audio(b"OggS")))


def test_a_large_upload_is_refused_before_it_is_read() -> None:
    file = ContentFile(b"", name="a.png")
    file.size = media.MAX_SIZE + 1
    with pytest.raises(ToolError, match="larger than"):
        media.content_from("image", media.Source(value=file))
