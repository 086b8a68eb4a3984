"""The content classes: where bytes come from, and what kind they are."""

from __future__ import annotations

import datetime
import io
from base64 import b64encode
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db.models import FileField
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from django_mcp.content import (
    UNSET,
    Audio,
    EmbeddedResource,
    File,
    Image,
    Message,
    ResourceLink,
    Result,
    Text,
)
from tests.testapp.models import Book

PNG = b"\x89PNG\r\n\x1a\n....."


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_the_first_bytes_say_what_kind_of_picture_it_is(
    data: Any, mime_type: Any
) -> None:
    assert Image(data).block() == {
        "type": "image",
        "data": b64encode(data).decode(),
        "mimeType": mime_type,
    }


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"ID3\4", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
    ],
)
def test_the_first_bytes_say_what_kind_of_sound_it_is(
    data: Any, mime_type: Any
) -> None:
    assert Audio(data).block()["mimeType"] == mime_type


def test_a_picture_of_unknown_kind_must_say_what_it_is() -> None:
    with pytest.raises(ValueError, match="mime_type what kind of image"):
        Image(b"<svg/>")
    assert Image(b"<svg/>", "image/svg+xml").mime_type == "image/svg+xml"


def test_a_path_gives_the_bytes_and_the_kind_but_only_the_name_leaves(
    tmp_path: Any,
) -> None:
    path = tmp_path / "a b.svg"
    path.write_bytes(b"<svg/>")
    assert Image(path).mime_type == "image/svg+xml"
    assert Image(str(path)).data == b"<svg/>"
    block = File(path).block()
    assert block["resource"] == {
        "uri": "file:///a%20b.svg",
        "mimeType": "image/svg+xml",
        "text": "<svg/>",
    }


def test_an_open_file_is_read_at_once(tmp_path: Any) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a;ü", encoding="utf-8")
    with path.open("rb") as opened:
        file = File(opened)
    with path.open(encoding="utf-8") as opened:
        assert File(opened) == file
    assert file.block()["resource"]["text"] == "a;ü"
    assert Audio(io.BytesIO(b"ID3")).data == b"ID3"


def test_a_django_file_is_read_and_closed_again(tmp_path: Any) -> None:
    assert File(ContentFile(b"{}", name="x.json")).mime_type == "application/json"
    storage = FileSystemStorage(tmp_path)
    storage.save("covers/a.png", ContentFile(PNG))
    cover = FieldFile(Book(), FileField(name="cover", storage=storage), "covers/a.png")
    assert Image(cover).data == PNG
    assert cover.closed
    assert File(cover).name == "a.png"


def test_a_file_that_is_not_text_goes_as_a_blob() -> None:
    blob = b64encode(b"\xff").decode()
    for file in (
        File(b"\xff", mime_type="text/plain", uri="x://y"),
        File(b"\xff", mime_type="application/zip", uri="x://y"),
    ):
        assert file.contents("x://y") == {
            "uri": "x://y",
            "mimeType": file.mime_type,
            "blob": blob,
        }
    assert File(b"x").block()["resource"] == {
        "uri": "file:///file",
        "mimeType": "application/octet-stream",
        "blob": "eA==",
    }


def test_annotations_and_metadata_go_along() -> None:
    when = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    text = Text(_("Hello"), {"priority": 1, "lastModified": when}, meta={"a": 1})
    assert text.block() == {
        "type": "text",
        "text": "Hello",
        "annotations": {"priority": 1, "lastModified": "2026-01-02T00:00:00+00:00"},
        "_meta": {"a": 1},
    }


def test_an_embedded_resource_has_text_or_a_blob() -> None:
    both: dict[str, Any] = {"text": "a", "blob": b"a"}
    for members in ({}, both):
        with pytest.raises(ValueError, match="either text or blob"):
            EmbeddedResource("x://y", **members)
    text = EmbeddedResource("x://y", text="a", mime_type="text/plain")
    assert text.block() == {
        "type": "resource",
        "resource": {"uri": "x://y", "mimeType": "text/plain", "text": "a"},
    }
    blob = EmbeddedResource("x://y", blob=b"a")
    assert blob.block()["resource"] == {"uri": "x://y", "blob": "YQ=="}


def test_a_resource_link_carries_only_what_it_was_given() -> None:
    assert ResourceLink("x://y", "y", size=0).block() == {
        "type": "resource_link",
        "uri": "x://y",
        "name": "y",
        "size": 0,
    }


def test_content_cannot_be_changed() -> None:
    for value, name in (
        (Image(PNG), "data"),
        (Text("a"), "text"),
        (Message("user", "a"), "role"),
        (Result("a"), "content"),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, "b")
        assert not hasattr(value, "__dict__")
    assert repr(Image(PNG)).startswith("Image(mime_type='image/png'")
    assert repr(Result().structured) == repr(UNSET) == "UNSET"
