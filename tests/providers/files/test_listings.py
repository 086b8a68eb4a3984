"""Folders as pages of JSON, and suggestions for paths."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage

from django_mcp.protocol.errors import ProtocolError
from django_mcp.providers.files import listings
from tests.providers.files.asking import (
    completed,
    grow,
    is_missing,
    listed,
    names,
    read,
    refused,
    serving,
    settled,
    suggested,
)
from tests.providers.files.test_stored import Remote

LISTED = "x://{+path}{?after}"


def test_a_folder_says_what_is_in_it(tmp_path: Path) -> None:
    grow(tmp_path, "a b.txt", "c/d.pdf", "ü#?.md", "plain")
    server = serving("x://y", FileSystemStorage(tmp_path), listing=True)
    page = listed(server, "x://y/")
    assert page["folder"] == ""
    assert [(one["name"], one["uri"]) for one in page["entries"]] == [
        ("a b.txt", "x://y/a%20b.txt"),
        ("c/", "x://y/c"),
        ("plain", "x://y/plain"),
        ("ü#?.md", "x://y/%C3%BC%23%3F.md"),
    ]
    first = page["entries"][0]
    assert first["mimeType"] == "text/plain"
    assert first["size"] == 7
    when = datetime.datetime.fromisoformat(first["lastModified"])
    assert when.timestamp() == pytest.approx((tmp_path / "a b.txt").stat().st_mtime)
    assert "mimeType" not in page["entries"][2]
    for entry in page["entries"]:
        assert read(server, entry["uri"])
    assert listed(server, "x://y/c") == {
        "folder": "c",
        "entries": [{**listed(server, "x://y/c")["entries"][0], "name": "d.pdf"}],
    }


def test_folders_are_no_resources_unless_asked_for(tmp_path: Path) -> None:
    grow(tmp_path, "c/d.pdf")
    server = serving("x://", FileSystemStorage(tmp_path))
    for uri in ("x://", "x://c", "x://c/", "x://?after=a"):
        assert is_missing(server, uri)
    assert not len(server.registry.resources)


def test_a_long_folder_is_read_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "PAGE", 3)
    found = [f"{number:02}.txt" for number in range(8)]
    grow(tmp_path, *found, *(f"sub/{name}" for name in found))
    server = serving("x://", FileSystemStorage(tmp_path), listing=True)
    for start, count in (("x://", 9), ("x://sub", 8)):
        uri, seen = start, []
        while uri:
            page = listed(server, uri)
            assert len(page["entries"]) <= 3
            seen += [entry["name"] for entry in page["entries"]]
            uri = page.get("next")
        assert len(seen) == count
        assert seen[:8] == found
    assert is_missing(server, "x://sub?after=sub/zz")


def test_hidden_files_cost_no_more_than_so_many_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "MOST", 5)
    grow(tmp_path, *(f"{number:02}.txt" for number in range(20)))
    asked = []

    def rule(context: Any, name: str) -> bool:
        asked.append(name)
        return name in {"", "00.txt", "02.txt"}

    server = serving(
        "x://", FileSystemStorage(tmp_path), has_permission=rule, listing=True
    )
    page = listed(server, "x://")
    # No address tells the name of what is hidden.
    assert page["next"] == "x://?after=02.txt"
    assert "next" not in listed(server, page["next"])
    assert len(asked) < 20
    assert suggested(server, LISTED, "path", "1") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Docs/", "a.txt", "ab.txt"]),
        ("A", ["a.txt", "ab.txt"]),
        ("do", ["Docs/"]),
        ("Docs", ["Docs/"]),
        ("Docs/", ["Docs/x.txt", "Docs/y/"]),
        ("Docs/x", ["Docs/x.txt"]),
        ("Docs/y/", ["Docs/y/z.txt"]),
        ("docs/", []),
        ("a.txt", ["a.txt"]),
        ("a.txt/", []),
        ("nothing/", []),
        ("/", ["Docs/", "a.txt", "ab.txt"]),
        ("../", []),
        ("Docs/../", []),
        ("%2e%2e/", []),
        ("..\\", []),
        ("\0/", []),
        ("x" * 5000 + "/", []),
    ],
)
def test_paths_are_suggested_one_folder_at_a_time(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    grow(tmp_path, "pub/a.txt", "pub/ab.txt", "pub/Docs/x.txt", "pub/Docs/y/z.txt", "s")
    server = serving("x://", FileSystemStorage(tmp_path), folder="pub", listing=True)
    assert suggested(server, LISTED, "path", text) == found


def test_suggestions_are_bounded_and_say_that_there_are_more(tmp_path: Path) -> None:
    grow(tmp_path, *(f"{number:03}.txt" for number in range(150)))
    server = serving("x://", FileSystemStorage(tmp_path))
    found = completed(server, "x://{+path}", "")
    assert len(found["values"]) == 100
    assert found["hasMore"]
    assert completed(server, "x://{+path}", "14")["total"] == 10


class Listed(Remote):
    """Files on another machine that lists them as S3 does."""

    def __init__(self, **files: bytes) -> None:
        super().__init__(**files)
        self.asked: list[str] = []

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """See ``Storage``."""
        start = f"{path}/" if path else ""
        inner = [name[len(start) :] for name in self.files if name.startswith(start)]
        folders = {f"{name.partition('/')[0]}/" for name in inner if "/" in name}
        return sorted(folders), [name for name in inner if "/" not in name]

    def size(self, name: str) -> int:
        """See ``Storage``."""
        self.asked.append(name)
        return super().size(name)


def test_a_storage_elsewhere_is_asked_for_sizes_only_when_told_to() -> None:
    storage = Listed(**{"a.txt": b"abc", "docs/b.txt": b"b", "docs/.c": b"c"})
    plain = {"name": "a.txt", "uri": "x://a.txt", "mimeType": "text/plain"}
    server = serving("x://", storage, listing=True)
    assert listed(server, "x://")["entries"] == [
        plain, {"name": "docs/", "uri": "x://docs"},
    ]  # fmt: skip
    assert names(server, "x://docs") == ["b.txt"]
    assert is_missing(server, "x://nothing")
    assert storage.asked == []
    detailed = serving("x://", storage, listing="details")
    # It knows no times.
    assert listed(detailed, "x://")["entries"][0] == {**plain, "size": 3}
    assert listed(serving("x://", InMemoryStorage(), listing="details"), "x://") == {
        "folder": "", "entries": [],
    }  # fmt: skip


def test_times_in_memory_are_told_when_asked() -> None:
    storage = InMemoryStorage()
    storage.save("a.txt", ContentFile(b"abc"))
    [entry] = listed(serving("x://", storage, listing="details"), "x://")["entries"]
    assert entry["size"] == 3
    assert entry["lastModified"].startswith("20")


def test_a_storage_that_cannot_list_is_read_by_name_alone() -> None:
    server = serving("x://", Remote(**{"a.txt": b"abc"}))
    assert read(server, "x://a.txt")["text"] == "abc"
    assert suggested(server, "x://{+path}", "path", "") == []
    text = refused(lambda s: s.storage_resource("x://", Remote(), listing=True))
    assert text == "The storage of x:// cannot be listed."


class Unwilling(Remote):
    """A storage that says so late."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """See ``Storage``."""
        return Storage.listdir(self, path)


def test_a_storage_that_says_late_that_it_cannot_list_is_told_of() -> None:
    server = settled(
        lambda server: server.storage_resource("x://", Unwilling(), listing=True)
    )
    with pytest.raises(ProtocolError, match="cannot be listed"):
        read(server, "x://")
    assert suggested(server, LISTED, "path", "") == []


def test_names_that_no_uri_can_carry_are_left_out() -> None:
    storage = Listed(**{"a\\b": b"", "C:x": b"", "ok": b"", "\n": b""})
    assert names(serving("x://", storage, listing=True), "x://") == ["ok"]
