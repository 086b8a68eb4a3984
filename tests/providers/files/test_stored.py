"""One file of a storage, of whatever kind, and no more of it than allowed."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage

from django_mcp import NotRegistered, ToolError
from django_mcp.providers.files.stored import read_stored


class Remote(Storage):
    """Files on another machine, as far as one can see: names and bytes."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.opened: list[str] = []

    def exists(self, name: str) -> bool:
        """See ``Storage``."""
        return name in self.files

    def size(self, name: str) -> int:
        """See ``Storage``."""
        if name not in self.files:
            raise LookupError("what a library of the vendor says")
        return len(self.files[name])

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        self.opened.append(name)
        return File(io.BytesIO(self.files[name]), name)


class Slow(io.BytesIO):
    """Bytes that come in small parts."""

    def read(self, size: int | None = -1, /) -> bytes:
        """See ``BytesIO``."""
        assert size is not None
        return super().read(min(size, 3))


def test_a_file_is_read_from_the_disk_and_from_memory(tmp_path: Path) -> None:
    for storage in (FileSystemStorage(tmp_path), InMemoryStorage()):
        storage.save("docs/a.txt", ContentFile(b"hello"))
        assert read_stored(storage, "docs/a.txt", 5, "x://a") == b"hello"
        for name in (
            "docs/b.txt",
            "docs",
            "",
            "../a",
            "/etc/passwd",
            "a\0b",
            "a" * 999,
        ):
            with pytest.raises(NotRegistered, match="x://a"):
                read_stored(storage, name, 5, "x://a")


def test_a_file_elsewhere_is_not_opened_before_its_size_is_known() -> None:
    storage = Remote(small=b"12345", large=b"123456")
    assert read_stored(storage, "small", 5, "x://a") == b"12345"
    with pytest.raises(ToolError, match="larger than 5 bytes"):
        read_stored(storage, "large", 5, "x://a")
    assert storage.opened == ["small"]


def test_a_missing_file_is_missing_in_every_storages_words() -> None:
    with pytest.raises(NotRegistered):
        read_stored(Remote(), "nothing", 5, "x://a")


class Vague(Remote):
    """A storage that can only open."""

    def exists(self, name: str) -> bool:
        """See ``Storage``."""
        raise NotImplementedError

    def size(self, name: str) -> int:
        """See ``Storage``."""
        raise NotImplementedError

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return File(Slow(self.files[name]), name)


def test_a_storage_that_tells_nothing_is_read_no_further_than_allowed() -> None:
    storage = Vague(small=b"12345", large=b"1234567890" * 99)
    assert read_stored(storage, "small", 5, "x://a") == b"12345"
    with pytest.raises(ToolError, match="larger than 5 bytes"):
        read_stored(storage, "large", 5, "x://a")


class Asked(io.BytesIO):
    """Remembers how much it was asked for at once."""

    sizes: list[int]

    def read(self, size: int | None = -1, /) -> bytes:
        """See ``BytesIO``."""
        assert size is not None
        self.sizes.append(size)
        return super().read(size)


class Frugal(Remote):
    """A storage on a machine without memory to spare."""

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        self.file = Asked(self.files[name])
        self.file.sizes = []
        return File(self.file, name)


def test_a_large_file_is_read_in_parts_and_no_room_is_made_for_more() -> None:
    chunk = File.DEFAULT_CHUNK_SIZE
    data = os.urandom(3 * chunk + 7)
    storage = Frugal(large=data, small=b"12345")
    assert read_stored(storage, "large", len(data), "x://a") == data
    assert storage.file.sizes == [chunk, chunk, chunk, 8, 1]
    assert read_stored(storage, "small", 10 * chunk, "x://a") == b"12345"
    assert max(storage.file.sizes) == chunk


class Texts(Vague):
    """A storage that opens everything as text."""

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return File(io.StringIO(self.files[name].decode()), name)


def test_text_is_bytes_too() -> None:
    storage = Texts(a="Größe".encode())
    assert read_stored(storage, "a", 7, "x://a") == "Größe".encode()
    with pytest.raises(ToolError):
        read_stored(storage, "a", 6, "x://a")


class Broken(Remote):
    """A storage on a machine that does not answer."""

    def exists(self, name: str) -> bool:
        """See ``Storage``."""
        raise ConnectionRefusedError


def test_a_machine_that_does_not_answer_is_no_missing_file() -> None:
    with pytest.raises(ConnectionRefusedError):
        read_stored(Broken(), "a", 5, "x://a")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegistered):
        read_stored(FileSystemStorage(tmp_path), "pipe", 5, "x://a")
