"""Everything that can be asked of tools over rows, by what their schemas say.

Any tool a toolset registers is found by itself: nothing here knows its name
or its arguments. An answer that is not fit to be seen fails right away.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import strategies as st

from django_mcp import MCPServer
from django_mcp.primitives import Tool
from django_mcp.protocol.errors import ProtocolError
from django_mcp.providers.models.columns import listing_from
from django_mcp.providers.models.paths import Path as FieldPath
from django_mcp.providers.models.paths import is_generic_key, is_many, is_sensitive
from django_mcp.schema.errors import MAX_LENGTH, MAX_LINES
from tests.providers.models.asking import result_of

#: What hidden rows and unlisted columns hold, before and after they change.
CANARIES = ("WHISPER", "CANARY")
#: More queries than any call may need, and more seconds.
MAX_QUERIES = 40
MAX_SECONDS = 5
#: Pages that are followed behind a first one.
MAX_PAGES = 8


# -- what a project could list ---------------------------------------------


def known_models() -> list[Any]:
    """Return the models that paths lead through."""
    return [*apps.get_app_config("testapp").get_models(), User]


def relations(model: Any) -> list[Any]:
    """Return a model's relations to known models, in both directions."""
    return [
        field
        for field in model._meta.get_fields(include_hidden=True)
        if field.related_model in known_models() and "+" not in field.name
    ]


def spellings(field: Any) -> set[str]:
    """Return every name that a field answers to."""
    found = {field.name, getattr(field, "attname", None) or field.name}
    if field.is_relation and not field.concrete and field.auto_created:
        found.add(field.get_accessor_name() or field.name)
    if getattr(field, "primary_key", False):
        found.add("pk")
    return found


def columns(model: Any) -> list[str]:
    """Return the names of values that may be listed, in each spelling."""
    fields = [
        field
        for field in model._meta.get_fields()
        if is_generic_key(field)
        or (
            (field.concrete or field.related_model in known_models())
            and not is_sensitive(FieldPath(model, (field,)))
        )
    ]
    return sorted({name for field in fields for name in spellings(field)})


@st.composite
def entries(draw: st.DrawFn, model: Any, depth: int = 3, most: int = 4) -> list[Any]:
    """Draw what ``fields`` may hold."""
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(1, most))):
        here, names = model, []
        for _ in range(draw(st.integers(0, depth - 1))):
            single = [one for one in relations(here) if not is_many(one)]
            if not single:
                break
            step = draw(st.sampled_from(single))
            names.append(draw(st.sampled_from(sorted(spellings(step) - {"pk"}))))
            here = step.related_model
        last: list[Any] = [*columns(here), *(relations(here) if depth > 1 else ())]
        chosen = draw(st.sampled_from(last))
        if isinstance(chosen, str):
            found["__".join([*names, chosen])] = None
        else:
            inner = draw(entries(chosen.related_model, depth - 1, 2))
            found["__".join([*names, chosen.name])] = inner
    return [name if inner is None else {name: inner} for name, inner in found.items()]


def everything(model: Any, fields: Sequence[Any]) -> dict[str, Any]:
    """Return the attributes of a toolset that offers all it can."""
    found = {
        name: column
        for name, column in listing_from(model, fields).columns.items()
        if not column.generic
    }
    return {
        "fields": fields,
        "filter_fields": {
            name: sorted(column.kind.lookups) for name, column in found.items()
        },
        "search_fields": [n for n, c in found.items() if "icontains" in c.kind.lookups],
        "ordering_fields": [
            name
            for name, column in found.items()
            if column.kind.orderable and not column.path.many
        ],
        "max_related": 2,
        "max_text": 20,
    }


def all_paths(model: Any, depth: int) -> set[str]:
    """Return every path from a model, in every spelling, secret or not."""
    options = model._meta
    fields = options.get_fields(include_hidden=True)
    own = {name for field in fields for name in spellings(field)}
    if depth == 1:
        return own
    behind = {
        f"{name}__{rest}"
        for field in relations(model)
        for name in spellings(field)
        for rest in all_paths(field.related_model, depth - 1)
    }
    return own | behind


def used_fields(model: Any, fields: Sequence[Any]) -> set[Any]:
    """Return every column of the database that a listing speaks of."""
    found: set[Any] = set()
    for member in listing_from(model, fields).members.values():
        for field in member.path.fields:
            found |= _columns_behind(field)
        inner = getattr(member, "listing", None)
        if inner is not None:
            nested = [entry for one in fields for entry in _nested(one, member.label)]
            found |= used_fields(inner.model, nested)
    return found


def _nested(entry: Any, label: str) -> list[Any]:
    return list(entry.get(label, ())) if isinstance(entry, dict) else []


def _columns_behind(field: Any) -> set[Any]:
    if is_generic_key(field):
        options = field.model._meta
        return {options.get_field(field.ct_field), options.get_field(field.fk_field)}
    if hasattr(field, "object_id_field_name"):
        options = field.related_model._meta
        names = (field.object_id_field_name, field.content_type_field_name)
        return {options.get_field(name) for name in names}
    own = getattr(field, "field", field)
    target = getattr(own, "target_field", None) if own.is_relation else None
    return {own} if target is None or own.many_to_many else {own, target}


# -- what a client could ask -----------------------------------------------

_WORDS = ["a", "b", "Shown", "part", "red", "de", "W", "WHISPER", "CANARY", "plain", ""]
_FORMATS: dict[str, list[Any]] = {
    "date": ["2020-01-01", "2024-05-05"],
    "date-time": ["2020-01-01T00:00:00Z", "2024-05-05T12:00:00Z"],
    "time": ["09:00", "12:00:00"],
    "duration": ["PT1H", "P3D"],
    "uuid": ["00000000-0000-0000-0000-000000000001"],
}


def fitting(schema: dict[str, Any], most: int = 3) -> st.SearchStrategy[Any]:
    """Draw a value that a schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "properties" in schema:
        required = set(schema.get("required", ()))
        named = {name: fitting(one) for name, one in schema["properties"].items()}
        return _some_of(named, required, most)
    if schema.get("type") == "array":
        return st.lists(fitting(schema.get("items", {})), min_size=1, max_size=3)
    return _single(schema)


def _single(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    kind = schema.get("type")
    if kind == "integer":
        least = schema.get("minimum", 0)
        return st.integers(least, min(schema.get("maximum", 12), least + 12))
    some: dict[str, list[Any]] = {"boolean": [True, False], "number": [0, 1, 1.5, 3]}
    words = _FORMATS.get(schema.get("format", ""), _WORDS)
    return st.sampled_from(some.get(kind or "", words))


@st.composite
def _some_of(
    draw: st.DrawFn, named: dict[str, Any], required: set[str], most: int
) -> dict[str, Any]:
    names = sorted(named)
    picks = st.lists(st.sampled_from(names), min_size=1, max_size=most)
    chosen = draw(picks) if names else []
    return {name: draw(named[name]) for name in sorted({*chosen, *required})}


def arguments(tool: Tool) -> st.SearchStrategy[Any]:
    """Draw arguments that a tool takes, without a cursor."""
    schema: dict[str, Any] = dict(tool.input_schema or {})
    properties = {n: s for n, s in schema["properties"].items() if n != "cursor"}
    return fitting({**schema, "properties": properties})


def thorough(tool: Tool) -> Iterator[dict[str, Any]]:
    """Yield every order of a tool, and everything it has at once."""
    properties = (tool.input_schema or {}).get("properties", {})
    more = {"total": True} if "total" in properties else {}
    if not (tool.input_schema or {}).get("required"):
        yield more
    if "format" in properties:
        yield {"format": "table", **more}
    for name in properties.get("order_by", {}).get("enum", ()):
        yield {"order_by": name, "limit": 2}


def spoiled(good: Any, bad: Any) -> Iterator[Any]:
    """Yield arguments with one of their parts replaced, each in turn."""
    if isinstance(good, dict):
        for name, value in good.items():
            for one in (bad, *spoiled(value, bad)):
                yield {**good, name: one}
        yield {**good, "more": bad}
    elif isinstance(good, list):
        for place, value in enumerate(good):
            for one in (bad, *spoiled(value, bad)):
                yield [*good[:place], one, *good[place + 1 :]]


# -- what comes back -------------------------------------------------------


def ask(server: MCPServer, tool: str, given: Any, user: Any = None) -> dict[str, Any]:
    """Call a tool; the answer is a result, or a short refusal."""
    started, queries = time.monotonic(), []

    def counted(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(counted):
        try:
            result = result_of(server, tool, given, user)
        except ProtocolError as error:
            result = {"content": [{"text": f"{error}"}], "isError": True}
    assert len(queries) <= MAX_QUERIES, (tool, given, len(queries))
    assert time.monotonic() - started < MAX_SECONDS, (tool, given)
    text = result["content"][0]["text"]
    if result.get("isError"):
        lines = text.splitlines()
        assert len(lines) <= MAX_LINES, text
        assert all(len(line) <= MAX_LENGTH for line in lines), text
        assert "Traceback" not in text, text
    assert not any(canary in json.dumps(result) for canary in CANARIES), (given, text)
    return result


def answer(server: MCPServer, tool: str, given: Any, user: Any = None) -> str:
    """Return all that an answer says, and all pages it leads to.

    Of a cursor only its length is kept: its bytes are random.
    """
    said = []
    for _ in range(MAX_PAGES):
        result = ask(server, tool, given, user)
        text = result["content"][0]["text"]
        value = None if result.get("isError") else json.loads(text)
        cursor = value.pop("next_cursor", None) if isinstance(value, dict) else None
        said.append(json.dumps([value or text, cursor and len(cursor)]))
        if cursor is None:
            break
        given = {**given, "cursor": cursor}
    return "\n".join(said)
