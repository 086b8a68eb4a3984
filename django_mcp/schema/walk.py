"""Where the schemas inside a JSON Schema are (2020-12, core, section 10).

Pure. Values that are data (``default``, ``enum``, ``const``, ``examples``)
are never entered, so nothing in them is taken for a keyword.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

Schema: TypeAlias = dict[str, Any]

#: Keywords by the shape of their value: one schema, a list, schemas by name.
_ONE = frozenset({
    "additionalItems", "additionalProperties", "contains", "contentSchema",
    "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems",
    "unevaluatedProperties",
})  # fmt: skip
_LIST = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
_NAMED = frozenset({
    "$defs", "definitions", "dependentSchemas", "patternProperties", "properties",
})  # fmt: skip


class Child(NamedTuple):
    """A schema inside another, and how it is reached."""

    keyword: str
    name: str
    schema: Schema


def children(schema: Schema) -> Iterator[Child]:
    """Yield the schemas directly inside this one."""
    for keyword, value in schema.items():
        if keyword in _NAMED and isinstance(value, dict):
            named = [(str(name), child) for name, child in value.items()]
        elif keyword in _LIST and isinstance(value, list):
            named = [("", child) for child in value]
        elif keyword in _ONE:
            named = [("", value)]
        else:
            continue
        for name, child in named:
            if isinstance(child, dict):
                yield Child(keyword, name, child)


def descendants(schema: Schema) -> Iterator[Schema]:
    """Yield the schema and every schema inside it."""
    waiting = [schema]
    while waiting:
        schema = waiting.pop()
        yield schema
        waiting.extend(child.schema for child in children(schema))


def with_children(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a copy in which every schema directly inside was changed."""

    def changed(value: Any) -> Any:
        return change(value) if isinstance(value, dict) else value

    copy: Schema = {}
    for keyword, value in schema.items():
        if keyword in _NAMED and isinstance(value, dict):
            copy[keyword] = {name: changed(child) for name, child in value.items()}
        elif keyword in _LIST and isinstance(value, list):
            copy[keyword] = [changed(child) for child in value]
        elif keyword in _ONE:
            copy[keyword] = changed(value)
        else:
            copy[keyword] = value
    return copy
