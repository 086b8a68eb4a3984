"""What an operation takes, as the arguments of a tool.

The parameters that ninja reads from the path, the query, a form, files and
the body become properties of one schema, made once. Headers and cookies
belong to the client that sends them, not to a model: they are no arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.urls.converters import IntConverter, UUIDConverter
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from django_mcp.providers.ninja.files import file_schema
from django_mcp.providers.ninja.schemas import (
    kinds,
    object_in,
    plain,
    reachable,
    resolved,
    sole_object,
    without_null,
)
from django_mcp.schema.generator import schema_from_adapter
from django_mcp.schema.walk import Schema

#: Headers that the caller's request has, whoever calls.
_SENT = frozenset({"accept", "accept-language", "host"})
#: Sources whose values travel as text, in which there is no null.
_TEXT = frozenset({"path", "query", "form", "file"})


class Slot(NamedTuple):
    """Where in the request an argument goes."""

    #: ``path``, ``query``, ``form``, ``file``, or ``body``.
    source: str
    name: str
    #: Several values may be sent under the name.
    many: bool
    #: Never text, so that JSON in a string is taken for what it says.
    textless: bool


@dataclass(slots=True)
class OperationArguments:
    """The arguments of one operation."""

    slots: dict[str, Slot] = field(default_factory=dict)
    properties: dict[str, Schema] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    definitions: dict[str, Schema] = field(default_factory=dict)
    #: The one parameter that is the whole body, if there is one.
    single: str = ""
    #: Whether its members are arguments, rather than itself.
    spread: bool = False
    body_required: bool = False
    #: Headers and cookies without which the operation answers nobody.
    unsendable: list[str] = field(default_factory=list)
    #: Ways into flattened models, to the argument each became.
    _ways: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The input schema of the tool."""
        schema: Schema = {"type": "object", "properties": self.properties}
        if self.required:
            schema["required"] = self.required
        schema["additionalProperties"] = False
        kept = reachable(schema, self.definitions)
        return {**schema, "$defs": kept} if kept else schema

    @property
    def sources(self) -> set[str]:
        """The sources that have an argument."""
        return {slot.source for slot in self.slots.values()}

    def located(self, location: Sequence[str | int]) -> tuple[str | int, ...]:
        """Return where in the arguments something is that ninja complains of."""
        if not location:  # about all that was sent
            return ()
        source, *steps = location
        if source == "body" and self.spread and steps[:1] == [self.single]:
            return tuple(steps[1:])
        for length in range(len(steps), 0, -1):
            way = (str(source), *map(str, steps[:length]))
            if way in self._ways:
                return (self._ways[way], *steps[length:])
        return tuple(steps)

    def add(self, slot: Slot, schema: Schema, required: bool, *way: str) -> None:
        """Add an argument, under a name that is still free."""
        name = slot.name
        if name in self.slots:
            name = f"{slot.source}_{name}"
        if slot.source in _TEXT:
            schema = without_null(schema)
        schema = plain(schema)
        textless = kinds(schema, self.definitions) <= {"array", "object", "null"}
        self.slots[name] = slot._replace(textless=textless)
        self.properties[name] = schema
        self._ways[slot.source, slot.name] = name
        self._ways[(slot.source, *way)] = name
        if required:
            self.required.append(name)


def arguments_of(
    models: Sequence[Any],
    converters: Mapping[str, Any],
    descriptions: Mapping[str, str],
) -> OperationArguments:
    """Return what the parameter models of an operation take.

    ``converters`` are those of its address; ``descriptions`` come from its
    docstring.
    """
    found = OperationArguments()
    by_source = dict(_generated(models, found.definitions))
    path = {one.name: one for one in by_source.pop("path", _NOTHING).flat()}
    for name, converter in converters.items():
        default = _Flat(name, _of_converter(converter), True, (name,))
        _, schema, _, way = path.get(name, default)
        found.add(Slot("path", name, False, False), schema, True, *way)
    for source in ("query", "form", "file"):
        _add_flat(found, by_source.get(source, _NOTHING))
    for source in ("header", "cookie"):
        found.unsendable += _unsendable(by_source.get(source, _NOTHING))
    if "body" in by_source:
        _add_body(found, by_source["body"])
    for name, schema in found.properties.items():
        if descriptions.get(name) and "description" not in schema:
            schema["description"] = descriptions[name]
    return found


# -- ninja's models, and the schema of each ------------------------------------


class _Flat(NamedTuple):
    """One parameter, and the way to it in ninja's model."""

    name: str
    schema: Schema
    required: bool
    way: tuple[str, ...]


class _Model(NamedTuple):
    """One of ninja's models: all parameters from one source."""

    model: Any
    schema: Schema
    definitions: dict[str, Schema]

    @property
    def source(self) -> str:
        return str(self.model.__ninja_param_source__)

    @property
    def many(self) -> frozenset[str]:
        return frozenset(self.model.__ninja_collection_fields__)

    def flat(self) -> Iterator[_Flat]:
        """Yield each parameter, with models taken apart as ninja does."""
        if self.model is None:
            return
        names = self.schema.get("properties", {})
        ways = getattr(self.model, "__ninja_flatten_map__", None)
        for name, way in (ways or {name: (name,) for name in names}).items():
            schema, required = self._at(way)
            if schema.get("include_in_schema", True) or required:
                yield _Flat(name, schema, required, way)

    def _at(self, way: Iterable[str]) -> tuple[Schema, bool]:
        schema, required = self.schema, True
        for step in way:
            schema = object_in(schema, self.definitions)
            required = required and step in schema.get("required", ())
            schema = schema.get("properties", {}).get(step, {})
        return schema, required


_NOTHING = _Model(None, {}, {})


def _generated(
    models: Sequence[Any], definitions: dict[str, Schema]
) -> Iterator[tuple[str, _Model]]:
    """Make the schemas of all models at once, so that what they share, and
    what has the same name in two, is told apart."""
    if not models:
        return
    make: Any = TypedDict  # what it makes is known at run time only
    names = {f"m{index}": model for index, model in enumerate(models)}
    whole = schema_from_adapter(TypeAdapter(make("Models", names)), "validation")
    definitions.update(whole.get("$defs", {}))
    for name, model in names.items():
        schema = resolved(whole["properties"][name], definitions)
        yield model.__ninja_param_source__, _Model(model, schema, definitions)


def _add_flat(found: OperationArguments, model: _Model) -> None:
    for name, schema, required, way in model.flat():
        if model.source == "file":
            schema = file_schema(schema)
        slot = Slot(model.source, name, name in model.many, False)
        found.add(slot, schema, required, *way)


def _add_body(found: OperationArguments, model: _Model) -> None:
    members: dict[str, Schema] = model.schema.get("properties", {})
    required = set(model.schema.get("required", ()))
    found.body_required = bool(required)
    if getattr(model.model, "__read_from_single_attr__", None):
        [found.single] = members
        inner = sole_object(members[found.single], model.definitions)
        if _is_spreadable(inner, found.slots):
            found.spread = True
            members = inner["properties"]
            required = set(inner.get("required", ())) if required else set()
    for name, schema in members.items():
        found.add(Slot("body", name, False, False), schema, name in required, name)


def _is_spreadable(schema: Schema, taken: Mapping[str, Slot]) -> bool:
    """May an object's members stand beside the other arguments?"""
    names = schema.get("properties", {})
    return (
        bool(names)
        and not schema.get("additionalProperties")
        and not names & taken.keys()
    )


def _unsendable(model: _Model) -> Iterator[str]:
    for name, _, required, _ in model.flat():
        if required and name.replace("_", "-").lower() not in _SENT:
            yield f"the {model.source} {name}"


def _of_converter(converter: Any) -> Schema:
    if isinstance(converter, IntConverter):
        return {"type": "integer", "minimum": 0}
    if isinstance(converter, UUIDConverter):
        return {"type": "string", "format": "uuid"}
    return {"type": "string"}
