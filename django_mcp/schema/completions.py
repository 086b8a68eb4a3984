"""Completions that follow from type hints: literals, enums, choices, truth.

Builds `Complete` functions; none of them blocks.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from django_mcp.primitives import Complete
from django_mcp.schema.parameters import Parameter, alternatives, unwrapped

if TYPE_CHECKING:
    from django_mcp.context import Context


def completions_from_hints(parameters: Iterable[Parameter]) -> dict[str, Complete]:
    """Return completions for the parameters that have few possible values."""
    found = {item.key: _values(item.hint) for item in parameters}
    return {
        key: complete_from_values(values) for key, values in found.items() if values
    }


def complete_from_values(values: Sequence[str]) -> Complete:
    """Complete to those of ``values`` that begin with what is there."""
    folded = [(value.casefold(), value) for value in values]

    def complete(
        context: Context, value: str, others: Mapping[str, str]
    ) -> Sequence[str]:
        start = value.casefold()
        return [whole for begin, whole in folded if begin.startswith(start)]

    return complete


def _values(hint: Any) -> list[str]:
    """Return the texts that stand for a hint's values, if it lists them all."""
    inner, _ = unwrapped(hint)
    members = alternatives(inner)
    if len(members) > 1:
        return [value for member in members for value in _values(member)]
    if typing.get_origin(inner) is Literal:
        return [_text(value) for value in typing.get_args(inner) if value is not None]
    if inner is bool:
        return ["true", "false"]
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return [_text(member.value) for member in inner]
    return []


def _text(value: Any) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
