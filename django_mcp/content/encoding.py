"""Any value a function may return, as compact JSON.

What is safe to send is turned into JSON; a model's row is refused, because
it holds columns that nobody chose to publish.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from pydantic_core import PydanticSerializationError, to_json

#: Rows fetched at once, so that the first refused row stops the query.
CHUNK = 2000
_PREFIX = "Error serializing to JSON: "


def encoded(value: Any) -> bytes:
    """Return the JSON of a value: dates in ISO 8601, NaN and infinity as null.

    Raises: TypeError, saying what to return instead.
    """
    try:
        return to_json(
            value, inf_nan_mode="null", bytes_mode="base64", fallback=_replaced
        )
    except PydanticSerializationError as error:
        reason = str(error).removeprefix(_PREFIX).removeprefix("TypeError: ")
        raise TypeError(reason) from None


def _replaced(value: Any) -> Any:
    """Return something that can be serialised in place of what cannot."""
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Model):
        raise TypeError(
            f"A {type(value).__name__} instance is never sent whole. Choose its"
            " fields: return values() of the query, a dictionary or a pydantic"
            " model."
        )
    if isinstance(value, QuerySet):
        return (row for row in value.iterator(chunk_size=CHUNK))
    if isinstance(value, Mapping):
        return dict(value)
    # An open file is iterable too, and nobody means its lines.
    if isinstance(value, Iterable) and not hasattr(value, "read"):
        return (item for item in value)
    raise TypeError(f"A {type(value).__name__} cannot be turned into JSON.")
