"""What the classes of Django's generic views say before they are called.

Asked of the class, and of an instance that was given a blank request: which
methods there are, which form, and whether pages can be chosen.
"""

from __future__ import annotations

import inspect
from copy import copy
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import (
    ImproperlyConfigured,
    ObjectDoesNotExist,
    PermissionDenied,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DatabaseError
from django.http import Http404, HttpRequest
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin
from django.views.generic.edit import BaseUpdateView, DeletionMixin, FormMixin
from django.views.generic.list import MultipleObjectMixin

from django_mcp.providers.fields.arguments import Argument
from django_mcp.providers.forms.arguments import is_formset
from django_mcp.providers.views import admins

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: What a method that needs the caller, a row or the path may raise without.
_UNTOLD = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DatabaseError,
    Http404,
    ImproperlyConfigured,
    LookupError,
    ObjectDoesNotExist,
    OSError,
    PermissionDenied,
    RuntimeError,
    SuspiciousOperation,
    TypeError,
    ValidationError,
    ValueError,
)


def class_of(view: Any) -> type[View] | None:
    """Return the class behind what the URLconf calls, if there is one."""
    found: type[View] | None = getattr(view, "view_class", None)
    return found


def is_list(view: Any) -> bool:
    """Does it show a list of objects?"""
    return _is(view, MultipleObjectMixin)


def is_detail(view: Any) -> bool:
    """Does it show one object?"""
    return _is(view, SingleObjectMixin)


def is_deletion(view: Any) -> bool:
    """Does it delete an object?"""
    return _is(view, DeletionMixin) or admins.kind_of(view) == admins.DELETE


def is_edit(view: Any) -> bool:
    """Does it change an object that is there?"""
    return _is(view, BaseUpdateView) or admins.kind_of(view) == admins.CHANGE


def is_form_view(view: Any) -> bool:
    """Does it redirect when its form is right, and show errors when not?"""
    return _is(view, FormMixin) or is_deletion(view) or admins.acts(view)


def _is(view: Any, kind: type[Any]) -> bool:
    found = class_of(view)
    return found is not None and issubclass(found, kind)


# -- methods -------------------------------------------------------------------


def method_of(view: Any, *, sends: bool) -> str:
    """Return the method that a tool means if it names none.

    ``sends``: there is a form or a body to be sent.
    """
    allowed = methods_of(view)
    acts = sends or is_form_view(view)
    wanted = "POST" if acts else "GET"
    return wanted if wanted in allowed or not allowed else allowed[0]


def methods_of(view: Any) -> list[str]:
    """Return the methods a view takes, as far as it tells."""
    found = class_of(view)
    if found is None:
        named = _decorated(view)
        return [name for name in METHODS if name in named] if named else [*METHODS]
    names = getattr(found, "http_method_names", [])
    return [n for n in METHODS if hasattr(found, n.lower()) and n.lower() in names]


def _decorated(view: Any) -> set[str]:
    """Return what ``require_http_methods`` and its like were given."""
    while view is not None:
        if inspect.isfunction(view):
            names = inspect.getclosurevars(view).nonlocals.get("request_method_list")
            if isinstance(names, list | tuple):
                return set(names)
        view = getattr(view, "__wrapped__", None)
    return set()


# -- forms and pages -----------------------------------------------------------


def form_class_of(view: Any, source: str) -> Any:
    """Return the form of a view that has one. Raises: ImproperlyConfigured"""
    try:
        if hasattr(class_of(view), "get_form_class"):
            return _instance(view).get_form_class()
        return admins.form_of(view)
    except _UNTOLD as error:
        raise ImproperlyConfigured(
            f"{source}: the arguments of this view cannot be told, because its form"
            f" depends on a real request ({type(error).__name__})."
            " Say which form it is: form=…."
        ) from error


def sample_form(view: Any, form_class: Any) -> Any:
    """Return a form as a stranger would be shown it, with every field there is.

    Some have fields that only their ``__init__`` makes. Those that it takes
    away from a stranger are there all the same, but never required.
    """
    if is_formset(form_class) or not isinstance(form_class, type):
        return form_class
    try:
        form = _made_by(view, form_class)
        if admins.kind_of(view):
            admins.without_keys(form)
        missing = {n: copy(f) for n, f in getattr(form_class, "base_fields", {}).items()
                   if n not in form.fields or form.fields[n].disabled}  # fmt: skip
    except _UNTOLD:
        return form_class
    for name, field in missing.items():
        field.required = False
        form.fields[name] = field
    return form


def _made_by(view: Any, form_class: Any) -> Any:
    if hasattr(class_of(view), "get_form"):
        try:
            return _instance(view).get_form(form_class)
        except _UNTOLD:  # it needs the caller, or the path
            pass
    return form_class()


def page_argument(view: Any) -> dict[str, Argument]:
    """Return the argument that chooses a page of a list, if it has pages."""
    found: Any = class_of(view)
    given = getattr(view, "view_initkwargs", {})
    if found is None or not is_list(view):
        return admins.query_of(view)
    pages = given.get("paginate_by") or found.paginate_by
    if pages or found.get_paginate_by is not MultipleObjectMixin.get_paginate_by:
        return {given.get("page_kwarg") or found.page_kwarg: admins.PAGE}
    return {}


def _instance(view: Any) -> Any:
    instance: Any = view.view_class(**view.view_initkwargs)
    request = HttpRequest()
    request.method = "GET"
    request.user = AnonymousUser()
    request.session = {}  # type: ignore[assignment]
    instance.setup(request)
    # Where Django's own methods look for a row: there is none yet.
    instance.object = None
    return instance
