"""Say what is wrong with arguments, for a model or a person to read.

Short ``field: reason`` lines, bounded in number and length. No value a
caller sent is repeated, and no address of a validator's manual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic_core import ErrorDetails, ValidationError

MAX_LINES = 10
MAX_LENGTH = 300

#: Words for what happens most, where the validator's own are longer, or to be
#: translated.
_WORDS = {
    "missing": _("field required"),
    "missing_argument": _("field required"),
    "extra_forbidden": _("unknown field"),
    "unexpected_keyword_argument": _("unknown field"),
    "greater_than_equal": _("should be at least {ge}"),
    "less_than_equal": _("should be at most {le}"),
    "greater_than": _("should be greater than {gt}"),
    "less_than": _("should be less than {lt}"),
    "int_parsing": _("should be a valid integer"),
    "int_type": _("should be a valid integer"),
    "float_parsing": _("should be a valid number"),
    "float_type": _("should be a valid number"),
    "decimal_type": _("should be a valid number"),
    "string_type": _("should be a valid string"),
    "null_character": _("should have no null characters"),
    "ip": _("should be an IP address"),
    "bool_parsing": _("should be true or false"),
    "bool_type": _("should be a valid boolean"),
    "list_type": _("should be a valid array"),
    "literal_error": _("should be {expected}"),
    "enum": _("should be {expected}"),
    # The validator's own words repeat the value.
    "union_tag_invalid": _("should say one of {expected_tags} in {discriminator}"),
    "json_invalid": _("should be valid JSON"),
}
_PREFIXES = ("Input ", "Value error, ", "Assertion failed, ")


class ArgumentErrors(Exception):
    """The arguments do not fit; ``lines`` say which and why."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = bounded(lines)
        super().__init__("\n".join(self.lines))


def bounded(lines: Iterable[str]) -> list[str]:
    """Return at most ten lines of at most three hundred characters."""
    kept: list[str] = []
    for line in lines:
        if len(kept) == MAX_LINES:
            kept[-1] = gettext("… and more")
            break
        kept.append(_clipped(line))
    return kept


def lines_from(
    error: ValidationError, value: Any, *, allowed: Sequence[str] | None = None
) -> list[str]:
    """Return the lines for a validator's complaint about ``value``.

    ``allowed`` are the names to offer when one at the top is unknown.
    """
    details = error.errors(include_url=False, include_input=False)
    return lines_from_details(details, value, allowed=allowed)


def lines_from_details(
    details: Iterable[ErrorDetails],
    value: Any,
    *,
    allowed: Sequence[str] | None = None,
) -> list[str]:
    """See `lines_from`, for complaints that somebody else collected."""
    reasons: dict[str, list[str]] = {}
    for detail in details:
        path = _path(detail, value)
        reason = _reason(detail)
        if allowed is not None and _is_unknown(detail) and len(detail["loc"]) == 1:
            names = ", ".join(allowed)
            reason = (
                gettext("unknown argument; allowed are {names}").format(names=names)
                if names
                else gettext("unknown argument; there are none")
            )
        known = reasons.setdefault(path, [])
        if reason not in known:
            known.append(reason)
        if len(reasons) > MAX_LINES:
            break
    union = gettext(" or ")
    return bounded(
        f"{path}: {union.join(words)}" if path else union.join(words)
        for path, words in reasons.items()
    )


def path_text(steps: Iterable[str | int]) -> str:
    """Return ``rows[3].id`` for ``("rows", 3, "id")``."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def _reason(detail: ErrorDetails) -> str:
    words = _WORDS.get(detail["type"])
    if words is not None:
        try:
            return str(words).format_map(detail.get("ctx", {}))
        except KeyError:
            pass  # somebody passed the complaint on without what it is about
    text = detail["msg"]
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text


def _is_unknown(detail: ErrorDetails) -> bool:
    return detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}


def _path(detail: ErrorDetails, value: Any) -> str:
    """Return where the error is, without the names of a union's members.

    The validator puts those between the steps; a step that leads nowhere in
    the value is one, but for the last step of a missing field.
    """
    steps: list[str | int] = []
    last = len(detail["loc"]) - 1
    for position, step in enumerate(detail["loc"]):
        found, inner = _step(value, step)
        if found:
            value = inner
        elif position != last or detail["type"] not in {"missing", "missing_argument"}:
            continue
        steps.append(step)
    return path_text(steps)


def _step(value: Any, step: str | int) -> tuple[bool, Any]:
    if isinstance(value, Mapping) and isinstance(step, str) and step in value:
        return True, value[step]
    if isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
        return True, value[step]
    return False, None


def _clipped(line: str) -> str:
    line = " ".join(line.encode(errors="replace").decode().split())
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + "…"
