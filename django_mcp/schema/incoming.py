"""How values from outside are checked, so that any database can take them.

Numbers within 64 bits, days within the calendar in every time zone, text
without null characters: what passes here makes no query fail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

#: What a database integer can be: SQLite and PostgreSQL stop there.
INTEGERS = (-(2**63), 2**63 - 1)
#: Years whose days no time zone moves out of the calendar.
YEARS = (2, 9998)
#: The longest text that is compared with anything.
MAX_TEXT = 1000


def _clean_text(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("null_character", "should have no null characters")
    return value


def text_core(max_length: int = MAX_TEXT) -> CoreSchema:
    """Return the check of a text that any database can compare."""
    text = core_schema.str_schema(max_length=max_length, strict=True)
    return core_schema.no_info_after_validator_function(_clean_text, text)


def integer_core(least: int = INTEGERS[0], most: int = INTEGERS[1]) -> CoreSchema:
    """Return the check of a whole number, which true and false are not."""
    number = core_schema.int_schema(ge=least, le=most)
    return core_schema.no_info_before_validator_function(_no_truth, number)


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "should be a valid integer")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) >= 10**300):
        raise PydanticCustomError("float_type", "should be a valid number")
    return value


def decimal_core(max_digits: int | None, decimal_places: int | None) -> CoreSchema:
    """Return the check of a number that fits a column of so many digits."""
    number: CoreSchema = core_schema.decimal_schema(
        max_digits=max_digits, decimal_places=decimal_places, allow_inf_nan=False
    )
    if max_digits is None:
        number = core_schema.no_info_after_validator_function(_no_giant, number)
    return core_schema.no_info_before_validator_function(_number, number)


def _no_giant(value: Decimal) -> Decimal:
    """Refuse what arithmetic beyond decimals, as of steps, cannot hold."""
    if not isfinite(float(value)):
        raise PydanticCustomError("decimal_type", "should be a valid number")
    return value


def _known_day(value: date) -> date:
    least, most = YEARS
    if not least <= value.year <= most:
        raise PydanticCustomError("year", f"should be in the years {least} to {most}")
    return value


def _instant(value: datetime) -> datetime:
    """Put a moment into the form the project's database wants."""
    _known_day(value)
    if settings.USE_TZ and timezone.is_naive(value):
        return timezone.make_aware(value)
    if not settings.USE_TZ and timezone.is_aware(value):
        return timezone.make_naive(value, timezone.get_default_timezone())
    return value


def _itself(value: Any) -> Any:
    return value


def _after(parsed: CoreSchema, check: Callable[[Any], Any] = _itself) -> CoreSchema:
    """Parse text, then judge. Numbers are no dates here."""
    short = core_schema.str_schema(max_length=64, strict=True)
    chain = core_schema.chain_schema([short, parsed])
    return core_schema.no_info_after_validator_function(check, chain)


def address_core(clean: Callable[[str, Any], Any]) -> CoreSchema:
    """Return the check of an address, as the field itself makes it."""

    def check(value: str) -> Any:
        try:
            return clean(value, None)
        except ValidationError:
            raise PydanticCustomError("ip", "should be an IP address") from None

    return _after(core_schema.str_schema(), check)


FLOAT = core_schema.no_info_before_validator_function(
    _number, core_schema.float_schema(allow_inf_nan=False)
)
BOOLEAN = core_schema.bool_schema(strict=True)
DAY = _after(core_schema.date_schema(), _known_day)
INSTANT = _after(core_schema.datetime_schema(), _instant)
TIME = _after(core_schema.time_schema(tz_constraint="naive"))
# SQLite counts microseconds in 64 bits.
_LONGEST = timedelta(days=100_000_000)
DURATION = _after(core_schema.timedelta_schema(ge=-_LONGEST, le=_LONGEST))
UUID = _after(core_schema.uuid_schema())
