"""A body as it is sent: JSON, a form where a view reads nothing else, or files.

Files are filled into a request as if it had been read already: nothing is
encoded only to be decoded again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.http import QueryDict
from pydantic_core import ValidationError, to_json

from django_mcp.providers.fields.files import file_from
from django_mcp.providers.views.requests import JSON
from django_mcp.schema.errors import ArgumentErrors


@dataclass(frozen=True, slots=True)
class Content:
    """A body: bytes, or data that are filled in without them."""

    body: bytes = b""
    content_type: str = ""
    data: Any = None
    uploads: dict[str, list[Any]] = field(default_factory=dict)


EMPTY = Content()
#: What is said of a body that is filled in, and never read.
_FILLED = (b" ", "multipart/form-data; boundary=unused")


class Mixture(dict[str, Any]):
    """A body of values as JSON has them, with files among them.

    In a form there would be no null, no empty list and no object, and what is
    left out of it is sometimes "no". The framework copies a body and puts the
    request's files into it: here they are in their places already.
    """

    def copy(self) -> Mixture:
        """Return another one."""
        return Mixture(self)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Leave it as it is."""


def as_json(value: Any) -> Content:
    """Return a body of JSON."""
    return Content(to_json(value), JSON)


def as_mixture(values: Mapping[str, Any], files: Collection[str]) -> Content:
    """Return values with files among them. Raises: ArgumentErrors"""
    found = _files(values, files)
    return Content(*_FILLED, Mixture({**values, **found}), _uploads(found))


def as_form(
    values: Mapping[str, Any], files: Collection[str], packed: Collection[str]
) -> Content:
    """Return the form of a browser; ``packed`` are fields that hold JSON.

    Raises: ArgumentErrors
    """
    found = _files(values, files)
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if name in packed:
            data.appendlist(name, to_json(value).decode())
        elif found.get(name) is None:
            for key, text in _flat(name, value):
                data.appendlist(key, text)
    data._mutable = False
    return Content(*_FILLED, data, _uploads(found))


# -- forms -------------------------------------------------------------------------


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield values under the names that serializers know from forms."""
    if isinstance(value, dict):
        for name, one in value.items():
            # Behind the place in a list, names follow without a dot.
            dot = "." if prefix and not prefix.endswith("]") else ""
            yield from _flat(f"{prefix}{dot}{name}", one)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for place, one in enumerate(value):
            yield from _flat(f"{prefix}[{place}]", one)
    elif isinstance(value, list):
        for one in value:
            yield prefix, _text(one)
    else:
        yield prefix, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- files -------------------------------------------------------------------------


def _files(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: _file(name, values[name]) for name in names if name in values}


def _uploads(files: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return files as a request has them."""
    return {
        name: value if isinstance(value, list) else [value]
        for name, value in files.items()
        if value is not None
    }


def _file(path: str, value: Any) -> Any:
    """Return the file that a value is, or those in a list."""
    if isinstance(value, list):
        return [_file(f"{path}[{place}]", one) for place, one in enumerate(value)]
    return None if value is None else _upload(path, value)


def _upload(path: str, value: Any) -> InMemoryUploadedFile:
    try:
        return file_from(value)
    except ValidationError:
        line = f"{path}: should have a name, and data in base64"
    raise ArgumentErrors([line])
