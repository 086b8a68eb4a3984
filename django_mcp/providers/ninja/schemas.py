"""Small changes of the schemas that ninja's models have. Each returns a copy."""

from __future__ import annotations

from collections.abc import Mapping

from django_mcp.schema.walk import Schema, descendants, with_children

#: Keywords of ninja's that are no JSON Schema.
_FOREIGN = ("include_in_schema", "example")


def resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return what a reference stands for, or the schema itself."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return definitions.get(name, schema)


def kinds(schema: Schema, definitions: Mapping[str, Schema]) -> set[str]:
    """Return the JSON types a schema allows, as far as they are said."""
    schema = resolved(schema, definitions)
    branches = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    if branches:
        return set().union(*(kinds(one, definitions) for one in branches))
    return {str(schema.get("type", "any"))}


def object_in(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return the first object a schema allows, which is the one ninja reads."""
    schema = resolved(schema, definitions)
    for branch in schema.get("anyOf", []):
        inner = resolved(branch, definitions)
        if "properties" in inner:
            return inner
    return schema


def sole_object(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return the object a schema allows, if it allows nothing else but null."""
    schema = resolved(schema, definitions)
    others = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return resolved(others[0], definitions) if len(others) == 1 else schema


def without_null(schema: Schema) -> Schema:
    """What may be null is left out instead."""
    branches = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    kept = {key: value for key, value in schema.items() if key != "anyOf"}
    if kept.get("default", ...) is None:
        del kept["default"]
    if len(branches) == 1:
        return {**branches[0], **kept}
    return {**kept, "anyOf": branches} if branches else kept


def plain(schema: Schema) -> Schema:
    """Say examples as JSON Schema does, and drop what it does not know."""
    schema = with_children(schema, plain)
    examples = schema.get("examples")
    if isinstance(examples, Mapping):
        schema["examples"] = [
            one["value"] if isinstance(one, Mapping) and "value" in one else one
            for one in examples.values()
        ]
    elif "example" in schema and examples is None:
        schema["examples"] = [schema["example"]]
    return {key: value for key, value in schema.items() if key not in _FOREIGN}


def reachable(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the definitions that a schema needs."""
    kept: dict[str, Schema] = {}
    waiting = [schema]
    while waiting:
        for node in descendants(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions and name not in kept:
                kept[name] = definitions[name]
                waiting.append(definitions[name])
    return dict(sorted(kept.items()))
