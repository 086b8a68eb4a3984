"""Arguments as the parts of a request: address, query, form, files, body.

Looks no further than at what can be sent at all. Whether values fit is for
the operation to say, with its own models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext
from pydantic_core import PydanticSerializationError, from_json, to_json

from django_mcp.providers.ninja.arguments import OperationArguments, Slot
from django_mcp.providers.ninja.files import multipart, upload_from
from django_mcp.schema.errors import ArgumentErrors


class Parts(NamedTuple):
    """What a request is made of."""

    path: dict[str, str]
    query: str
    body: bytes
    content_type: str


def parts_from(known: OperationArguments, arguments: dict[str, Any]) -> Parts:
    """Return the arguments as parts of a request. Raises: ArgumentErrors"""
    values = _checked(known, arguments)
    try:
        body, content_type = _body(known, values)
        return Parts(
            {slot.name: _in_path(value) for slot, value in values.of("path")},
            urlencode(list(_texts(values, "query"))),
            body,
            content_type,
        )
    except (UnicodeEncodeError, PydanticSerializationError):
        raise ArgumentErrors(
            [gettext("The text has characters that cannot be sent.")]
        ) from None


class _Values(dict[str, tuple[Slot, Any]]):
    """Arguments that are there, by name, with their slots."""

    def of(self, source: str) -> Iterator[tuple[Slot, Any]]:
        return (pair for pair in self.values() if pair[0].source == source)


def _checked(known: OperationArguments, arguments: dict[str, Any]) -> _Values:
    wrong, values = [], _Values()
    for name, value in arguments.items():
        slot = known.slots.get(name)
        if slot is None:
            names = ", ".join(known.slots) or "none"
            wrong.append(f"{name}: unknown argument; allowed are {names}")
        elif value is not None or slot.source == "body":
            values[name] = slot, _unpacked(value) if slot.textless else value
    for name, (slot, value) in values.items():
        reason = _reason(slot, value)
        if reason:
            wrong.append(f"{name}: {reason}")
    for name, slot in known.slots.items():
        # The others are missed by the operation; this one has no address.
        if slot.source == "path" and name not in values:
            wrong.append(f"{name}: field required")
    if wrong:
        raise ArgumentErrors(wrong)
    return values


def _reason(slot: Slot, value: Any) -> str:
    """Return why a value cannot be sent, or nothing."""
    if slot.source == "body":
        return ""
    many = isinstance(value, list)
    if many and not slot.many:
        return "should be a single value"
    convert: Callable[[Any], Any] = upload_from if slot.source == "file" else _text
    for one in value if many else [value]:
        try:
            convert(one)
        except ValueError as error:
            return str(error)
    return ""


def _text(value: Any) -> str:
    """Return a value as an address, a query or a form has it.

    Raises: ValueError, in words
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:
            raise ValueError("is too long a number") from None
    raise ValueError("should be text, a number, or true or false")


def _in_path(value: Any) -> str:
    """Return a value as an address has it. Raises: UnicodeEncodeError"""
    text = _text(value)
    text.encode()
    return text


def _texts(values: _Values, source: str) -> Iterator[tuple[str, str]]:
    for slot, value in values.of(source):
        for one in value if isinstance(value, list) else [value]:
            yield slot.name, _text(one)


def _body(known: OperationArguments, values: _Values) -> tuple[bytes, str]:
    sources = known.sources
    if "file" in sources or {"form", "body"} <= sources:
        return _multipart(values)
    if "form" in sources:
        text = urlencode(list(_texts(values, "form")))
        return text.encode(), "application/x-www-form-urlencoded"
    if "body" not in sources:
        return b"", ""
    body = {slot.name: value for slot, value in values.of("body")}
    if not body and not known.body_required:
        return b"", ""
    if known.single and not known.spread:
        # A body that is missing is for the operation to miss.
        return (_json(*body.values()) if body else b""), "application/json"
    return _json(body), "application/json"


def _multipart(values: _Values) -> tuple[bytes, str]:
    texts = list(_texts(values, "form"))
    texts += [(slot.name, _json(value).decode()) for slot, value in values.of("body")]
    uploads = [
        (slot.name, upload_from(one))
        for slot, value in values.of("file")
        for one in (value if isinstance(value, list) else [value])
    ]
    return multipart(texts, uploads)


def _json(value: Any) -> bytes:
    return to_json(value, inf_nan_mode="constants")


def _unpacked(value: Any) -> Any:
    """Take JSON in a string for what it says; some models encode twice."""
    if not isinstance(value, str):
        return value
    try:
        return from_json(value)
    except ValueError:  # no JSON, or half a character
        return value
