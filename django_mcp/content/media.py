"""Bytes of files and what kind of file they are, judged without the system's tables."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from typing import IO, Any, TypeAlias

from django.core.files import File as DjangoFile

#: Bytes, the path of a file, or an open file (Django's ``FieldFile`` too).
Source: TypeAlias = "bytes | str | os.PathLike[str] | IO[Any] | DjangoFile[Any]"

#: First bytes to type.
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"%PDF-", "application/pdf"),
)
#: Bytes eight to twelve of a RIFF file to type.
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
#: What Python and the operating systems do not agree on, or do not know.
_SUFFIXES = {
    ".atom": "application/atom+xml",
    ".flac": "audio/flac",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".rss": "application/rss+xml",
    ".toml": "application/toml",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".xhtml": "application/xhtml+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_PACKED = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}
_TEXT_TYPES = {"application/javascript", "application/json", "application/xml"}
_TEXT_TYPES |= {"application/jsonl", "application/toml", "application/yaml"}


def read(source: Source) -> tuple[bytes, str]:
    """Return the bytes of a source and its name without folders."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), ""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return path.read_bytes(), path.name
    if isinstance(source, DjangoFile) and source.closed:
        with source.open("rb") as opened:
            content = opened.read()
    else:
        content = source.read()
    if isinstance(content, str):
        content = content.encode()
    name = getattr(source, "name", None)
    return content, Path(name).name if isinstance(name, str) else ""


def type_of_bytes(content: bytes) -> str:
    """Return the type that the first bytes show, or nothing."""
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "")
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")


def type_of_name(name: str) -> str:
    """Return the type that the name's suffix promises, or nothing."""
    known = _SUFFIXES.get(Path(name).suffix.lower())
    kind, packed = mimetypes.guess_type(name)
    # What was packed is no longer of the type that the inner suffix tells.
    return known or (_PACKED.get(packed, "") if packed else kind) or ""


def is_text(mime_type: str) -> bool:
    """Is a file of this type for reading?"""
    essence = mime_type.partition(";")[0].strip().lower()
    return (
        essence.startswith("text/")
        or essence in _TEXT_TYPES
        or essence.endswith(("+json", "+xml"))
    )
