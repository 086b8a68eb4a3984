"""What a call may ask the person or the client, and what comes back.

Plain values: how a question looks on the wire of a revision, and whether an
answer is valid, is known by ``schema/questions.py``. A question's ``key`` is
its name on the wire and must be unique within the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Anything that can be asked in the middle of a call."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elicit(Question):
    """Ask the person to fill in a form.

    ``form`` is a flat Django form class (or a form instance, when its choices
    depend on the call), or a pydantic model class with flat fields.
    """

    message: str | Promise
    form: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ElicitURL(Question):
    """Ask the person to open a page, for what must not pass the client."""

    message: str | Promise
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Question):
    """Ask the client's model to write something."""

    messages: Sequence[Mapping[str, Any]]
    max_tokens: int
    system_prompt: str | None = None
    temperature: float | None = None
    stop_sequences: Sequence[str] = ()
    model_preferences: Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots(Question):
    """Ask the client which folders it works in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person did with a form or a page: true when they accepted.

    ``value`` is the form's ``cleaned_data``, the pydantic model's instance, or
    ``None`` when there is nothing (declined, cancelled, a page).
    """

    action: Literal["accept", "decline", "cancel"]
    value: Any = None

    def __bool__(self) -> bool:
        return self.action == "accept"

    def __getitem__(self, name: str) -> Any:
        """Return one field of an accepted Django form."""
        return self.value[name]


class InputRequired(BaseException):
    """Unwind a call that must ask before it can go on.

    It derives from ``BaseException`` so that a tool's ``except Exception``
    does not swallow a question; ``transaction.atomic`` rolls back on it.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(", ".join(question.key for question in questions))
        self.questions = tuple(questions)
