"""All arguments of a view's tool: of its path, its query, its form or its body.

To clients they are one flat object. Each part checks its own, and the errors
of all parts are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from django.utils.translation import gettext
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from django_mcp.providers.fields.arguments import Argument, Arguments
from django_mcp.schema.errors import ArgumentErrors, lines_from
from django_mcp.schema.generator import schema_from_adapter
from django_mcp.schema.walk import Schema

PATH = "path"
#: What comes before the name of a path's value that a form has as well.
_IN_URL = "url_"


class Part(Protocol):
    """Some of the arguments: see `FormArguments`."""

    schema: Schema

    def validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Raises: ArgumentErrors"""


class ModelPart:
    """The fields of a pydantic model, each an argument."""

    def __init__(self, model: type[BaseModel]) -> None:
        adapter = TypeAdapter(model)
        self.schema = schema_from_adapter(adapter, "validation")
        self._check = adapter.validator.validate_json

    def validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what was given, as JSON has it. Raises: ArgumentErrors"""
        try:
            found = self._check(to_json(arguments))
        except ValidationError as error:
            raise ArgumentErrors(lines_from(error, arguments)) from None
        except ValueError:  # half a character
            raise ArgumentErrors([gettext("should be valid text")]) from None
        values: dict[str, Any] = found.model_dump(
            mode="json", by_alias=True, exclude_unset=True
        )
        return values


class ViewArguments:
    """The arguments of one tool, by the part they belong to."""

    def __init__(
        self,
        path: Mapping[str, Argument],
        parts: Mapping[str, Part],
        *,
        source: str,
    ) -> None:
        """Raises: ImproperlyConfigured"""
        others = [name for part in parts.values() for name in _names(part)]
        twice = sorted({name for name in others if others.count(name) > 1})
        if twice:
            raise ImproperlyConfigured(
                f"{source} takes {', '.join(twice)} twice: name its query, its form"
                " and its body so that they differ."
            )
        #: Names for clients, and those of the path.
        self._path = {_apart(name, others): name for name in path}
        renamed = {new: path[name] for new, name in self._path.items()}
        self._parts: dict[str, Part] = {PATH: Arguments(renamed), **parts}
        self.schema = _merged(self._parts.values(), source)

    def taken(self, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the values of each part, checked. Raises: ArgumentErrors"""
        lines: list[str] = []
        taken: dict[str, dict[str, Any]] = {}
        known = self.schema["properties"]
        for name in values.keys() - known.keys():
            names = ", ".join(known)
            allowed = f"allowed are {names}" if names else "there are none"
            lines.append(f"{name[:100]}: unknown argument; {allowed}")
        for label, part in self._parts.items():
            own = _names(part)
            given = {name: one for name, one in values.items() if name in own}
            try:
                taken[label] = part.validated(given)
            except ArgumentErrors as error:
                lines += error.lines
        if lines:
            raise ArgumentErrors(lines)
        taken[PATH] = {self._path[name]: one for name, one in taken[PATH].items()}
        return taken


def _names(part: Part) -> dict[str, Any]:
    names: dict[str, Any] = part.schema.get("properties", {})
    return names


def _apart(name: str, others: Iterable[str]) -> str:
    return _IN_URL + name if name in others else name


def _merged(parts: Iterable[Part], source: str) -> Schema:
    """Return one schema for all parts."""
    merged: Schema = {"type": "object", "properties": {}}
    required: list[str] = []
    definitions: dict[str, Any] = {}
    for part in parts:
        merged["properties"] |= _names(part)
        required += part.schema.get("required", ())
        for name, one in part.schema.get("$defs", {}).items():
            if definitions.setdefault(name, one) != one:
                raise ImproperlyConfigured(
                    f"{source}: two models of its arguments are called {name}."
                )
    if required:
        merged["required"] = required
    merged["additionalProperties"] = False
    if definitions:
        merged["$defs"] = definitions
    return merged


def query_from(values: Mapping[str, Any]) -> QueryDict:
    """Return values as a browser would write them into an address."""
    query = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, QueryDict):  # a link: it names its values itself
            for inner, texts in value.lists():
                query.setlist(inner, texts)
            continue
        several = value if isinstance(value, list) else [value]
        query.setlist(name, [_text(one) for one in several if one is not None])
    return query


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else to_json(value).decode()
