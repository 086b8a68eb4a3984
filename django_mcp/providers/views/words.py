"""What the tool of a view is called and says of itself, where the view does not."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from django.views.generic.edit import BaseCreateView

from django_mcp.primitives import Text
from django_mcp.providers.views import admins, generic
from django_mcp.schema.generator import joined

_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: For what is sent and for what is read: words for the model's name.
_SENDING = {"add": "Add one ", "change": "Change one ", "delete": "Delete one "}
_READING = {"list": "List ", "get": "Show one ", "change": "Show one "}
_ADMINS = {
    admins.ADD: "add",
    admins.CHANGE: "change",
    admins.DELETE: "delete",
    admins.LIST: "list",
}


def snake_case(name: str) -> str:
    """Return ``book_list`` for ``BookList``."""
    return _PARTS.sub("_", name).lower()


def description_of(view: Any, method: str, address: str) -> Text:
    """Say what a view does, or at least where it is.

    Nothing, if it has words of its own; those of Django's classes are for
    their users.
    """
    module = str(getattr(view, "__module__", ""))
    if getattr(view, "__doc__", None) and not module.startswith("django."):
        return ""
    verb, model = purpose_of(view), _model_of(view)
    start = (_READING if method == "GET" else _SENDING).get(verb)
    if start is None or model is None:
        return f"{method} /{address} of this site."
    options = model._meta
    several = options.verbose_name_plural
    words = joined(start, several if verb == "list" else options.verbose_name)
    if verb == "change" and method != "GET":
        words = joined(words, "; what is not sent stays")
    return joined(words, ".")


def purpose_of(view: Any) -> str:
    """Return what a view is for: ``add``, ``change``, ``delete``, ``list``,
    ``get``, or nothing."""
    if (kind := admins.kind_of(view)) in _ADMINS:
        return _ADMINS[kind]
    found = generic.class_of(view)
    if found is not None and issubclass(found, BaseCreateView):
        return "add"
    for verb, fits in _GENERIC:
        if fits(view):
            return verb
    return ""


_GENERIC = (
    ("change", generic.is_edit),
    ("delete", generic.is_deletion),
    ("list", generic.is_list),
    ("get", generic.is_detail),
)


def _model_of(view: Any) -> Any:
    """Return the model that a view names, without asking for a row."""
    if admins.kind_of(view):
        return admins.model_of(view)
    # A queryset must not be asked whether it is empty, so: no `or`.
    form, queryset, model = map(
        partial(_named, view), ("form_class", "queryset", "model")
    )
    owners = (getattr(form, "_meta", None), queryset)
    models = (model, *(getattr(one, "model", None) for one in owners))
    return next((one for one in models if hasattr(one, "_meta")), None)


def _named(view: Any, name: str) -> Any:
    """Return what `as_view` was given, or what the class has."""
    given = getattr(view, "view_initkwargs", {})
    return given.get(name, getattr(generic.class_of(view), name, None))
