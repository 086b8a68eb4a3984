"""What a project may say about a view, beside what every primitive takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from django_mcp.providers.forms.arguments import is_form
from django_mcp.providers.views.answers import ANSWERS
from django_mcp.providers.views.generic import METHODS
from django_mcp.providers.views.shown import check_names


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """How a view becomes a tool."""

    #: What the tool does: a tool does one thing.
    method: str | None = None
    #: A form class: sent in the body, or for GET in the query.
    form: Any = None
    #: Fields of the form that are no arguments.
    exclude: Collection[str] = ()
    #: The name of the button that sends the form; else the first on its page.
    button: str = ""
    #: A form class or a pydantic model of the query.
    query: Any = None
    #: A pydantic model of a JSON body.
    body: Any = None
    #: Fields of objects that the view shows; the page is then not read.
    fields: Collection[str] = ()
    #: Names of context variables that are the answer.
    context: Collection[str] = ()
    #: Whether the project's middleware runs; ``None``: if it may decide anything.
    middleware: bool | None = None
    #: What the view promises: ``html``, ``json``, ``text`` or ``file``.
    answer: str | None = None
    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None

    def check(self) -> None:
        """Raises: ImproperlyConfigured"""
        if self.method is not None and self.method not in METHODS:
            raise ImproperlyConfigured(f"method is one of {', '.join(METHODS)}.")
        if self.answer is not None and self.answer not in ANSWERS:
            raise ImproperlyConfigured(f"answer is one of {', '.join(ANSWERS)}.")
        if self.form is not None and not is_form(self.form):
            raise ImproperlyConfigured(f"form: {self.form!r} is no form.")
        if self.query is not None and not (is_form(self.query) or is_model(self.query)):
            raise ImproperlyConfigured("query is a form class or a pydantic model.")
        if self.body is not None and not is_model(self.body):
            raise ImproperlyConfigured("body is a pydantic model.")
        if self.body is not None and (self.form is not None or self.method == "GET"):
            raise ImproperlyConfigured("A body has no form beside it, and no GET.")
        if self.query is not None and self.form is not None and self.method == "GET":
            raise ImproperlyConfigured("The form of a GET is its query: give one.")
        check_names(self.fields, "fields")
        check_names(self.context, "context")
        if self.answer == "html" and not reads_pages():
            raise ImproperlyConfigured(NO_EXTRA)


#: What to do about pages that cannot be read.
NO_EXTRA = (
    "Pages are read with the extra html: pip install django-mcp-channels[html]. Or say"
    ' what else the view answers with: answer="json", "text" or "file", or context=[…].'
)


def is_model(kind: Any) -> bool:
    """Is it a pydantic model?"""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def reads_pages() -> bool:
    """Is the extra there that reads pages?"""
    return find_spec("markdownify") is not None
