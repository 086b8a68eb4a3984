"""A file as an argument of any provider: its name and its bytes in base64.

It becomes what Django's upload handlers would have made of it, so that a
form's validators judge it as they always do. Nothing is written to disk.
"""

from __future__ import annotations

import base64
import binascii
import html
import io
import mimetypes
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from pydantic_core import PydanticCustomError, SchemaValidator, core_schema

from django_mcp.providers.fields.inputs import Shape, several
from django_mcp.schema.walk import Schema

#: The most bytes of one file, whatever the body of a message may have.
MAX_FILE_SIZE = 10 * 1024 * 1024
#: Characters of what makes it up.
MAX_DATA = MAX_FILE_SIZE * 4 // 3 + 4
MAX_NAME = 255
MEDIA_TYPE = r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}"

#: As clients see it.
FILE: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "With its extension."},
        "data": {"type": "string", "contentEncoding": "base64"},
        "mime_type": {"type": "string"},
    },
    "required": ["name", "data"],
    "additionalProperties": False,
}


def file_shape(field: Any, model_field: Any) -> Shape:
    """Return the shape of a file, or of several where the widget takes them."""
    one = (FILE, CORE)
    return several(one) if takes_several(field) else one


def takes_several(field: Any) -> bool:
    """May several files be chosen?"""
    return bool(getattr(field.widget, "allow_multiple_selected", False))


def uploaded(file: dict[str, str]) -> InMemoryUploadedFile:
    """Return a file as an upload. Raises: PydanticCustomError"""
    try:
        data = base64.b64decode(file["data"], validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "should have data in base64") from None
    name = _safe(file["name"])
    kind = file.get("mime_type") or mimetypes.guess_type(name)[0]
    kind = kind or "application/octet-stream"
    return InMemoryUploadedFile(io.BytesIO(data), None, name, kind, len(data), None)


def _safe(name: str) -> str:
    """Return the last part of a name, as Django's parser of uploads does."""
    name = html.unescape(name).rsplit("/")[-1].rsplit("\\")[-1]
    name = "".join(c for c in name if c.isprintable()).strip()
    if name in {"", ".", ".."}:
        raise PydanticCustomError("file_name", "should have the name of a file")
    return name


def _text(most: int, **limits: Any) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(
        core_schema.str_schema(strict=True, max_length=most, **limits),
        required=not limits,
    )


CORE = core_schema.no_info_after_validator_function(
    uploaded,
    core_schema.typed_dict_schema(
        {
            "name": _text(MAX_NAME),
            "data": _text(MAX_DATA),
            "mime_type": _text(MAX_NAME, pattern=f"^{MEDIA_TYPE}$"),
        },
        extra_behavior="forbid",
    ),
)

#: ``file_from(value)``: the upload that an argument holds. Raises: ValidationError
file_from: Callable[[Any], InMemoryUploadedFile] = SchemaValidator(CORE).validate_python
