"""The content a function returns when plain values do not say enough.

Frozen values in the shape of the newest revision; fitting them to an older
one is not their business.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, TypeAlias
from urllib.parse import quote

from django.utils.functional import Promise
from pydantic_core import SchemaSerializer, core_schema

from django_mcp.content import media

Block: TypeAlias = dict[str, Any]
#: ``audience``, ``priority`` and ``lastModified``, as on the wire.
Annotations: TypeAlias = Mapping[str, Any]
Meta: TypeAlias = Mapping[str, Any]


class Unset:
    """The type of `UNSET`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


#: Nothing at all, where ``None`` would be a null.
UNSET: Final = Unset()


def _refused(value: Any) -> Any:
    raise TypeError(
        f"Return {type(value).__name__} on its own or in a list, not inside data."
    )


class Content:
    """Something that becomes one block of content."""

    __slots__ = ()
    #: As data it would be a picture's bytes in JSON, which no model can read.
    __pydantic_serializer__: ClassVar = SchemaSerializer(
        core_schema.any_schema(
            serialization=core_schema.plain_serializer_function_ser_schema(_refused)
        )
    )
    annotations: Annotations | None
    meta: Meta | None

    def block(self) -> Block:
        """Return the block in the newest revision's shape."""
        block = self._members()
        if self.annotations:
            block["annotations"] = {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in self.annotations.items()
            }
        if self.meta:
            block["_meta"] = dict(self.meta)
        return block

    def _members(self) -> Block:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Content):
    """Words with annotations, which a plain string cannot have."""

    text: str | Promise
    annotations: Annotations | None = None
    meta: Meta | None = field(default=None, kw_only=True)

    def _members(self) -> Block:
        return {"type": "text", "text": str(self.text)}

    def contents(self, uri: str) -> Block:
        """Return the words as the contents of the resource at ``uri``."""
        return {"uri": uri, "mimeType": "text/plain", "text": str(self.text)}


@dataclass(frozen=True, slots=True)
class Media(Content):
    """Bytes of one kind, read when the value is made: the file may be closed."""

    kind: ClassVar[str] = ""
    data: Any = field(repr=False)
    mime_type: str | None = None
    annotations: Annotations | None = None
    meta: Meta | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        data, name = media.read(self.data)
        known = self.mime_type or media.type_of_bytes(data) or media.type_of_name(name)
        if not known:
            raise ValueError(f"Say with mime_type what kind of {self.kind} this is.")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "mime_type", known)

    def _members(self) -> Block:
        data = b64encode(self.data).decode()
        return {"type": self.kind, "data": data, "mimeType": self.mime_type}

    def contents(self, uri: str) -> Block:
        """Return the bytes as the contents of the resource at ``uri``."""
        return _blob(uri, self.data, self.mime_type)


class Image(Media):
    """A picture: bytes, a path, or an open file."""

    __slots__ = ()
    kind = "image"


class Audio(Media):
    """A sound: bytes, a path, or an open file."""

    __slots__ = ()
    kind = "audio"


@dataclass(frozen=True, slots=True)
class File(Content):
    """A file sent along, from bytes, a path, or an open file.

    It goes as text when its type says so and its bytes allow. Of a path only
    the name leaves, never the folders.
    """

    data: Any = field(repr=False)
    mime_type: str | None = None
    name: str = ""
    uri: str = ""
    annotations: Annotations | None = field(default=None, kw_only=True)
    meta: Meta | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        data, found = media.read(self.data)
        name = self.name or found
        known = self.mime_type or media.type_of_name(name) or media.type_of_bytes(data)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "mime_type", known or "application/octet-stream")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "uri", self.uri or f"file:///{quote(name or 'file')}")

    def _members(self) -> Block:
        return {"type": "resource", "resource": self.contents(self.uri)}

    def contents(self, uri: str) -> Block:
        """Return the file as the contents of the resource at ``uri``."""
        if media.is_text(self.mime_type or ""):
            try:
                text = self.data.decode()
            except UnicodeDecodeError:
                pass
            else:
                return {"uri": uri, "mimeType": self.mime_type, "text": text}
        return _blob(uri, self.data, self.mime_type)


@dataclass(frozen=True, slots=True)
class EmbeddedResource(Content):
    """The contents of a resource, sent along: ``text`` or ``blob``."""

    uri: str
    text: str | Promise | None = field(default=None, kw_only=True)
    blob: bytes | None = field(default=None, kw_only=True, repr=False)
    mime_type: str = field(default="", kw_only=True)
    annotations: Annotations | None = field(default=None, kw_only=True)
    meta: Meta | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if (self.text is None) == (self.blob is None):
            raise ValueError("Give an embedded resource either text or blob.")

    def _members(self) -> Block:
        return {"type": "resource", "resource": self.contents(self.uri)}

    def contents(self, uri: str) -> Block:
        """Return the resource itself, as the contents at ``uri``."""
        if self.blob is not None:
            return _blob(uri, self.blob, self.mime_type)
        kind = {"mimeType": self.mime_type} if self.mime_type else {}
        return {"uri": uri, **kind, "text": str(self.text)}


@dataclass(frozen=True, slots=True)
class ResourceLink(Content):
    """Where a resource is, for the client to read if it likes."""

    uri: str
    name: str
    title: str | Promise = field(default="", kw_only=True)
    description: str | Promise = field(default="", kw_only=True)
    mime_type: str = field(default="", kw_only=True)
    size: int | None = field(default=None, kw_only=True)
    annotations: Annotations | None = field(default=None, kw_only=True)
    meta: Meta | None = field(default=None, kw_only=True)

    def _members(self) -> Block:
        members = {
            "type": "resource_link",
            "uri": self.uri,
            "name": self.name,
            "title": str(self.title),
            "description": str(self.description),
            "mimeType": self.mime_type,
            "size": self.size,
        }
        return {
            name: value for name, value in members.items() if value not in {"", None}
        }


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """What a prompt says in one role; each content becomes a message."""

    role: Literal["user", "assistant"]
    content: tuple[Any, ...]

    def __init__(self, role: Literal["user", "assistant"], *content: Any) -> None:
        object.__setattr__(self, "role", role)
        object.__setattr__(self, "content", content)


@dataclass(frozen=True, slots=True, init=False)
class Result:
    """A tool's whole result, for full control of it."""

    content: tuple[Any, ...]
    structured: Any = UNSET
    is_error: bool = False
    meta: Meta | None = None

    def __init__(
        self,
        *content: Any,
        structured: Any = UNSET,
        is_error: bool = False,
        meta: Meta | None = None,
    ) -> None:
        object.__setattr__(self, "content", content)
        object.__setattr__(self, "structured", structured)
        object.__setattr__(self, "is_error", is_error)
        object.__setattr__(self, "meta", meta)


def _blob(uri: str, data: bytes, mime_type: str | None) -> Block:
    kind = {"mimeType": mime_type} if mime_type else {}
    return {"uri": uri, **kind, "blob": b64encode(data).decode()}
