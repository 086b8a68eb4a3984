"""Asking the person before something is written, in words that say what.

Says of rows and values only what the caller may see, or has sent. Other words
are another question: who agreed to one thing did not agree to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.exceptions import ToolError

#: Rows that are told apart; of more, the number is said.
MAX_ROWS = 5
_LENGTH = 200


def ask(context: Context, words: str) -> None:
    """Go on only if the person agrees. Raises: ToolError"""
    digest = hashlib.sha256(words.encode(errors="replace")).hexdigest()[:8]
    if not context.confirm(words, key=f"confirm_{digest}"):
        raise ToolError(gettext("The person did not agree. Nothing was done."))


def creation(noun: str, several: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the words for rows that will be added."""
    what = f"Add one {noun}?" if len(rows) == 1 else f"Add {len(rows)} {several}?"
    return "\n".join([what, *_told(_values(row) for row in rows)])


def change(
    noun: str, several: str, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> str:
    """Return the words for rows that will be changed, and the new values."""
    what = (
        f"Change this {noun}?" if len(rows) == 1 else f"Change {len(rows)} {several}?"
    )
    return "\n".join(
        [
            what,
            *_told(f"{name}\n  to {_values(values)}" for name, values in rows),
        ]
    )


def deletion(noun: str, several: str, rows: list[str], along: Mapping[str, int]) -> str:
    """Return the words for rows that will be deleted, with what goes too."""
    what = (
        f"Delete this {noun}?" if len(rows) == 1 else f"Delete {len(rows)} {several}?"
    )
    lines = [what, *_told(rows)]
    gone = [f"{count} {name}" for name, count in along.items() if name]
    if "" in along:
        gone.append("rows of other models that belong to it")
    if gone:
        lines.append(f"Deleted along with it: {', '.join(gone)}.")
    return "\n".join(lines)


def named(row: Mapping[str, Any]) -> str:
    """Return what tells a row from others: its first few listed values."""
    plain = {
        label: value
        for label, value in row.items()
        if value is not None and not isinstance(value, dict | list)
    }
    return _values(dict(list(plain.items())[:3]))


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_clipped(value)}" for name, value in values.items())


def _clipped(value: Any) -> str:
    text = " ".join(["nothing"] if value is None else str(value).split())
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"


def _told(rows: Iterable[str]) -> list[str]:
    lines = [f"- {row}" for row in rows]
    more = len(lines) - MAX_ROWS
    return lines if more <= 0 else [*lines[:MAX_ROWS], f"- and {more} more"]
