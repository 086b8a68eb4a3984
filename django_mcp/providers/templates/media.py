"""Files that a template may send along: static ones, named ones, and fields'.

A name is the template's own and never a caller's; a variable must hold a file
or content that the project has opened. There is no way here from a text to a
path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File as DjangoFile
from django.core.files.storage import storages

from django_mcp.content.media import type_of_bytes, type_of_name
from django_mcp.content.values import Audio, Image, Media
from django_mcp.exceptions import ToolError
from django_mcp.providers.files.static import StaticFiles

#: Bytes of one file.
MAX_SIZE = 5 * 1024 * 1024

#: A template is checked before anything is collected.
_STATIC = StaticFiles(uncollected=True)
_KINDS: dict[str, type[Media]] = {"image": Image, "audio": Audio}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from: a name of the template's, or a value."""

    name: str = ""
    #: The alias of a storage; empty for static files.
    storage: str = ""
    value: Any = None


def content_from(kind: str, source: Source, mime_type: str = "") -> Media | None:
    """Return a file as content; ``None`` for a field without one.

    Raises: ToolError, OSError, TypeError
    """
    if isinstance(source.value, Media):
        content = source.value
    elif source.name:
        with opened(source) as file:
            content = _read(kind, file, mime_type)
    elif isinstance(source.value, DjangoFile):
        if not source.value:
            return None
        content = _read(kind, source.value, mime_type)
    else:
        raise TypeError(
            f"{{% {kind} %}} takes a name in quotes, a file or content, and no"
            f" {type(source.value).__name__}."
        )
    if not (content.mime_type or "").startswith(f"{kind}/"):
        raise TypeError(f"{content.mime_type} is no {kind}.")
    return content


def opened(source: Source) -> DjangoFile[Any]:
    """Open a file by the name that a template gives it. Raises: OSError"""
    storage = storages[source.storage] if source.storage else _STATIC
    return storage.open(source.name)


def is_static(name: str) -> bool:
    """Is there a static file of this name?"""
    try:
        return _STATIC.exists(name)
    except SuspiciousFileOperation:
        return False


def _read(kind: str, file: DjangoFile[Any], mime_type: str) -> Media:
    if file.size > MAX_SIZE:
        raise ToolError(f"The {kind} is larger than {MAX_SIZE} bytes.")
    name = file.name or ""
    content: Media = _KINDS[kind](file, mime_type or type_of_name(name) or None)
    # A name can promise what the bytes do not hold.
    shown = type_of_bytes(content.data)
    if shown and not mime_type and shown != content.mime_type:
        return _KINDS[kind](content.data, shown)
    return content
