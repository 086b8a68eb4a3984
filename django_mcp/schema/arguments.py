"""From a function's hints to a JSON Schema and a validator compiled once.

A call costs one pass of the compiled validator. Only arguments that fail it
are looked at again: as JSON rather than as Python values, and with JSON in a
string taken for what it says. Nothing here calls the function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import (
    PydanticSerializationError,
    SchemaError,
    ValidationError,
    from_json,
    to_json,
    to_jsonable_python,
)
from typing_extensions import TypedDict

from django_mcp.schema.completions import completions_from_hints
from django_mcp.schema.errors import ArgumentErrors, lines_from
from django_mcp.schema.generator import schema_from_adapter
from django_mcp.schema.headers import headers_from_schema
from django_mcp.schema.models import ModelParameter, keyed
from django_mcp.schema.parameters import EMPTY, Parameter, signature_of, source_of
from django_mcp.schema.walk import Schema

__all__ = [
    "ArgumentErrors",
    "Arguments",
    "arguments_from_function",
    "completions_from_hints",
    "headers_from_schema",
]

Values: TypeAlias = dict[str, Any]
Validate: TypeAlias = Callable[[Values], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a function takes."""

    json_schema: Schema
    #: As clients see them: a model's place is taken by the type of its key.
    parameters: tuple[Parameter, ...]
    context_parameter: str | None
    #: ``validate(arguments)``: keyword arguments for the function, in a new
    #: dictionary. Fetches model instances, and so blocks if there are any.
    #: Raises: ArgumentErrors
    validate: Validate
    #: The same without fetching: keys stay keys.
    parse: Validate
    models: tuple[ModelParameter, ...] = ()

    async def avalidate(self, arguments: Values) -> Values:
        """See `validate`."""
        values = self.parse(arguments)
        for model in self.models:
            await model.afetch(values)
        return values


def arguments_from_function(
    function: Callable[..., Any],
    *,
    skip: Collection[str] = frozenset(),
    strings: bool = False,
) -> Arguments:
    """Read what a function takes, but for the parameters to ``skip``.

    ``strings`` says that every argument arrives as text (prompts, variables
    of a URI), so JSON in a string counts for numbers too.

    Raises: ImproperlyConfigured
    """
    signature = signature_of(function, skip=skip)
    pairs = [keyed(parameter) for parameter in signature.parameters]
    parameters = tuple(parameter for parameter, _ in pairs)
    models = tuple(model for _, model in pairs if model is not None)
    adapter, schema = _compiled(function, parameters)
    schema = _finished(schema, parameters)
    parse = _parser(adapter, parameters, _textless(schema, any_type=strings))
    return Arguments(
        json_schema=schema,
        parameters=parameters,
        context_parameter=signature.context_parameter,
        parse=parse,
        validate=_fetching(parse, models) if models else parse,
        models=models,
    )


# -- the schema ----------------------------------------------------------------


def _compiled(
    function: Callable[..., Any], parameters: tuple[Parameter, ...]
) -> tuple[TypeAdapter[Any], Schema]:
    """Compile a dictionary type: every name is possible, and defaults stay
    with the function, which has them anyway."""
    fields = {parameter.name: _field(parameter) for parameter in parameters}
    make: Any = TypedDict  # what it makes is known at run time only
    shape = make("Arguments", fields)
    # JSON has no words for infinity and the like.
    shape.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(shape)
        return adapter, schema_from_adapter(adapter, "validation")
    except (PydanticUserError, SchemaError, NameError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ImproperlyConfigured(
            f"No schema can be made of the parameters of {source_of(function)}:"
            f" {reason}"
        ) from error


def _field(parameter: Parameter) -> Any:
    hint = parameter.hint
    if parameter.description:
        described: Any = parameter.description  # may be lazy, and may stay so
        hint = Annotated[hint, Field(description=described)]
    return hint if parameter.required else NotRequired[hint]


def _finished(schema: Schema, parameters: tuple[Parameter, ...]) -> Schema:
    """Put the members in a settled order, and the defaults in their places."""
    properties = dict(schema.get("properties", {}))
    for parameter in parameters:
        if parameter.default is not EMPTY:
            node = properties[parameter.key]
            properties[parameter.key] = _with_default(node, parameter.default)
    finished: Schema = {"type": "object", "properties": properties}
    if schema.get("required"):
        finished["required"] = schema["required"]
    finished["additionalProperties"] = False
    if "$defs" in schema:
        finished["$defs"] = schema["$defs"]
    return finished


def _with_default(schema: Schema, default: Any) -> Schema:
    try:
        return {**schema, "default": to_jsonable_python(default)}
    except PydanticSerializationError:
        # A marker object, say: that it is optional is all a client can know.
        return schema


def _textless(schema: Schema, *, any_type: bool) -> frozenset[str]:
    """Return the names of arguments that are never strings, but may be
    objects or lists (or anything, with ``any_type``)."""
    names = set()
    for name, node in schema["properties"].items():
        types = _types(node, schema.get("$defs", {}), frozenset())
        wanted = any_type or types & {"array", "object"}
        if wanted and not types & {"string", "any"}:
            names.add(name)
    return frozenset(names)


def _types(node: Schema, definitions: Schema, seen: frozenset[str]) -> set[str]:
    """Return the JSON types a schema allows, with ``any`` for no limit."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in seen or name not in definitions:
            return set()
        return _types(definitions[name], definitions, seen | {name})
    branches = node.get("anyOf", []) + node.get("oneOf", []) + node.get("allOf", [])
    if branches:
        return set().union(*(_types(b, definitions, seen) for b in branches))
    if "const" in node or "enum" in node:
        values = [node["const"]] if "const" in node else node["enum"]
        return {"string" if isinstance(value, str) else "other" for value in values}
    kinds = node.get("type", "any")
    return {kinds} if isinstance(kinds, str) else set(kinds)


# -- the validator -------------------------------------------------------------


def _parser(
    adapter: TypeAdapter[Any],
    parameters: tuple[Parameter, ...],
    textless: frozenset[str],
) -> Validate:
    check, check_json = (
        adapter.validator.validate_python,
        adapter.validator.validate_json,
    )
    allowed = tuple(parameter.key for parameter in parameters)

    def parse(arguments: Values) -> Values:
        try:
            return check(arguments)  # type: ignore[no-any-return]
        except ValidationError as error:
            complaint = error
        unpacked = _unpacked(arguments, textless)
        try:
            # As JSON, a date written as text is a date even where the hint
            # is strict; the errors speak of objects rather than dictionaries.
            return check_json(_json(unpacked))  # type: ignore[no-any-return]
        except ValidationError as error:
            # A number of thousands of digits is no JSON to the validator.
            complaint = complaint if _is_unreadable(error) else error
        except ValueError:
            unpacked = arguments  # half a character, which has no JSON
        raise ArgumentErrors(lines_from(complaint, unpacked, allowed=allowed))

    return parse


def _fetching(parse: Validate, models: tuple[ModelParameter, ...]) -> Validate:
    def validate(arguments: Values) -> Values:
        values = parse(arguments)
        for model in models:
            model.fetch(values)
        return values

    return validate


def _unpacked(arguments: Values, names: frozenset[str]) -> Values:
    """Take JSON in a string for what it says; some models double-encode."""
    unpacked = dict(arguments)
    for name in names & arguments.keys():
        if isinstance(arguments[name], str):
            try:
                unpacked[name] = from_json(arguments[name])
            except ValueError:
                continue
    return unpacked


def _is_unreadable(error: ValidationError) -> bool:
    details = error.errors(
        include_url=False, include_context=False, include_input=False
    )
    return details[0]["type"] == "json_invalid"


def _json(arguments: Values) -> bytes:
    return to_json(arguments, inf_nan_mode="constants")
