"""What a file is, by its name and its bytes: words to read, or a blob."""

from __future__ import annotations

import codecs

from django_mcp.content.media import is_text, type_of_bytes, type_of_name
from django_mcp.content.values import EmbeddedResource

#: Marks at the beginning of a text that say how it is written.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What no text has, but for tabs, the ends of lines and of pages, and escapes.
_BINARY = [chr(n) for n in (*range(0x20), 0x7F) if chr(n) not in "\t\n\v\f\r\x1b"]
_UNKNOWN = "application/octet-stream"


def contents_of(
    data: bytes, name: str, uri: str, *, encoding: str = "utf-8"
) -> EmbeddedResource:
    """Return the contents of a file at ``uri``.

    ``encoding`` is how texts are written that do not say so themselves.
    """
    kind = type_of_name(name)
    if not kind or kind.startswith("image/"):
        kind = type_of_bytes(data) or kind
    if not kind or is_text(kind) or kind.startswith("application/"):
        text = _text(data, encoding)
        if text is not None and not type_of_bytes(data).startswith("application/"):
            return EmbeddedResource(uri, text=text, mime_type=kind or "text/plain")
    return EmbeddedResource(uri, blob=data, mime_type=kind or _UNKNOWN)


def _text(data: bytes, encoding: str) -> str | None:
    """Return what is written, or nothing, where it cannot be a text."""
    for mark, written in _MARKS:
        if data.startswith(mark):
            encoding = written
            break
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    # One search after the other: each is many times faster than a pattern's.
    return None if any(one in text for one in _BINARY) else text
