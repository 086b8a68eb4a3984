"""Files as arguments: an object with a name, a type and the bytes in base64.

They are sent on as a browser would send them, so that Django's own parser and
the project's upload handlers see them.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode
from collections.abc import Iterable
from mimetypes import guess_type
from typing import Any, NamedTuple

from django_mcp.providers.fields.files import FILE, MAX_DATA, MAX_NAME, MEDIA_TYPE
from django_mcp.schema.walk import Schema, with_children

_TYPE = re.compile(MEDIA_TYPE)


class Upload(NamedTuple):
    """One file on its way into a request."""

    name: str
    content_type: str
    content: bytes


def file_schema(schema: Schema) -> Schema:
    """Return the schema of a parameter with files in the place of bytes."""
    if schema.get("format") != "binary":
        return with_children(schema, file_schema)
    words: Schema = {k: schema[k] for k in ("title", "description") if k in schema}
    return {**FILE, **words}


def upload_from(value: Any) -> Upload:
    """Return the file an argument holds. Raises: ValueError, in words"""
    known = {"name", "data", "mime_type"}
    if not isinstance(value, dict) or not {"name", "data"} <= value.keys() <= known:
        raise ValueError("should be an object with name, data and mime_type")
    name, data = value["name"], value["data"]
    kind = value.get("mime_type") or ""
    if not all(isinstance(one, str) for one in (name, data, kind)):
        raise ValueError("should have a name, data and a mime_type that are text")
    kind = kind or guess_type(name)[0] or "application/octet-stream"
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise ValueError("should have the name of a file")
    if not _TYPE.fullmatch(kind):
        raise ValueError("should have a media type, such as image/png")
    if len(data) > MAX_DATA:
        raise ValueError("is too large a file")
    try:
        return Upload(name, kind, b64decode(data, validate=True))
    except ValueError:  # not base64, or not even ASCII
        raise ValueError("should have data in base64") from None


def multipart(
    texts: Iterable[tuple[str, str]], uploads: Iterable[tuple[str, Upload]]
) -> tuple[bytes, str]:
    """Return a body of fields and files, and its content type."""
    boundary = secrets.token_hex(16)
    parts = [
        b'name="%b"\r\n\r\n%b' % (_quoted(name), text.encode()) for name, text in texts
    ]
    parts += [
        b'name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n%b'
        % (
            _quoted(field),
            _quoted(upload.name),
            upload.content_type.encode("ascii"),
            upload.content,
        )
        for field, upload in uploads
    ]
    start = b"--%b\r\nContent-Disposition: form-data; " % boundary.encode()
    body = b"".join(b"%b%b\r\n" % (start, part) for part in parts)
    return (
        body + b"--%b--\r\n" % boundary.encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def _quoted(text: str) -> bytes:
    """Return a name as browsers put it between quotes."""
    return text.replace('"', "%22").replace("\\", "%5C").encode()
