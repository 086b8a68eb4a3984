"""Check values against a JSON Schema that an author wrote.

The only file that knows ``jsonschema_rs`` (the ``jsonschema`` extra). A
schema is compiled once, at registration; what it refers to must be inside
it, since nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from django.core.exceptions import ImproperlyConfigured

from django_mcp.languages import spoken
from django_mcp.schema.errors import bounded, path_text
from django_mcp.schema.walk import Schema


def validator_from_schema(
    schema: Schema, *, source: str = "The schema"
) -> Callable[[Any], list[str]]:
    """Return a function that tells what is wrong with a value, line by line.

    The dialect is 2020-12 unless ``$schema`` says otherwise. ``source`` names
    the schema's owner in errors.

    Raises: ImproperlyConfigured
    """
    # By name and not at the top: it is optional, and few projects need it.
    try:
        jsonschema_rs: Any = import_module("jsonschema_rs")
    except ImportError:
        raise ImproperlyConfigured(
            f"{source} is checked by a package that is not installed:"
            ' pip install "django-mcp-channels[jsonschema]"'
        ) from None
    try:
        validator = jsonschema_rs.validator_for(
            spoken(schema), retriever=_refuse, mask="the value"
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        reason = str(error).partition("\n")[0]
        raise ImproperlyConfigured(f"{source} is not valid: {reason}") from error

    def validate(value: Any) -> list[str]:
        if validator.is_valid(value):
            return []
        return bounded(_line(error) for error in validator.iter_errors(value))

    return validate


def arguments_validator_from_schema(
    schema: Schema, *, source: str = "The input schema"
) -> Callable[[Any], list[str]]:
    """See `validator_from_schema`; the schema must be of type ``object``.

    Raises: ImproperlyConfigured
    """
    if schema.get("type") != "object":
        raise ImproperlyConfigured(f'{source} must have "type": "object".')
    return validator_from_schema(schema, source=source)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"schemas are not fetched; put {uri} under $defs")


def _line(error: Any) -> str:
    path = [
        step if isinstance(step, int) else str(step) for step in error.instance_path
    ]
    kind = error.kind
    reason = error.message
    if kind.name == "required":
        path, reason = [*path, kind.property], "field required"
    elif kind.name == "additionalProperties":
        names = ", ".join(kind.unexpected)
        reason = f"unknown field {names}" if path else f"unknown argument {names}"
    where = path_text(path)
    return f"{where}: {reason}" if where else reason
