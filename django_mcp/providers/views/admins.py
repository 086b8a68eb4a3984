"""Views of the admin, as far as they differ from others: their forms.

They are recognised by the `ModelAdmin` or the `AdminSite` whose methods they
are; nothing of the admin is imported before there is one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise, lazy
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from pydantic_core import PydanticCustomError, core_schema

from django_mcp.providers.fields.arguments import Argument
from django_mcp.schema import incoming

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.primitives import Allowed

ADD, CHANGE, DELETE, LIST = "add_view", "change_view", "delete_view", "changelist_view"
SEARCH = "autocomplete_view"
LOGIN, OWN_PASSWORD, PASSWORD = "login", "password_change", "user_change_password"
_FORMS = "django.contrib.admin.forms."


#: Which page of a list is shown.
PAGE = Argument(
    schema={"type": "integer", "minimum": 1, "description": "Which page."},
    core=core_schema.no_info_after_validator_function(str, incoming.integer_core(1)),
)


class Confirmation(forms.Form):
    """What the admin's page asks before it deletes."""

    post = forms.CharField(widget=forms.HiddenInput, initial="yes")


def kind_of(view: Any) -> str:
    """Return which view of an admin it is, or nothing."""
    return "" if _admin_of(view) is None else str(getattr(view, "__name__", ""))


def _admin_of(view: Any) -> Any:
    """Return the `ModelAdmin` or the `AdminSite` of a view, if it has one."""
    found = getattr(view, "model_admin", None) or getattr(view, "admin_site", None)
    while found is None and view is not None:
        owner = getattr(view, "__self__", None)
        is_admin = hasattr(owner, "admin_site") or hasattr(owner, "admin_view")
        found = owner if is_admin else None
        view = getattr(view, "__wrapped__", None)
    return found


def rule_of(view: Any) -> Allowed | None:
    """Return who may know of a view: of one behind the admin's door, who may enter.

    Who may do what in there is decided by the view, as in the browser.
    """
    admin = _admin_of(view)
    if admin is None or kind_of(view) == LOGIN:
        return None
    return _entry(getattr(admin, "admin_site", admin))


@cache
def _entry(site: Any) -> Allowed:
    """Return the one rule of a site: lists ask each rule once."""

    def may_enter(context: Context) -> bool:
        request = HttpRequest()
        request.user = context.user  # type: ignore[assignment]
        return bool(site.has_permission(request))

    return may_enter


def acts(view: Any) -> bool:
    """Does it write when its form is sent?"""
    return kind_of(view) in {ADD, CHANGE, DELETE, LOGIN, OWN_PASSWORD, PASSWORD}


def model_of(view: Any) -> Any:
    """Return the model whose rows a view of an admin is about, if it is."""
    return getattr(_admin_of(view), "model", None)


def texts_of(view: Any) -> dict[str, str]:
    """Return what is to say of the values in the address of an admin's view."""
    return {"object_id": "The key of the row."} if _admin_of(view) else {}


class Somebody(AnonymousUser):
    """Who may do all: asked for, so that a form shows every field it can have."""

    is_active = is_staff = is_superuser = True  # type: ignore[assignment]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Everything is shown to somebody who never logs in."""
        return True

    def has_module_perms(self, module: str) -> bool:
        """See `has_perm`."""
        return True


def form_of(view: Any) -> Any:
    """Return the form of a view of the admin, with every field it can have."""
    kind, admin = kind_of(view), _admin_of(view)
    if kind == DELETE:
        return Confirmation
    if kind == PASSWORD:
        return admin.change_password_form
    if kind == OWN_PASSWORD:
        return import_string(f"{_FORMS}AdminPasswordChangeForm")
    if kind == LOGIN:
        return admin.login_form or import_string(f"{_FORMS}AdminAuthenticationForm")
    if kind not in {ADD, CHANGE}:
        return None
    request = HttpRequest()
    request.user = Somebody()
    # An admin may have another form for new rows.
    row = admin.model() if kind == CHANGE else None
    return admin.get_form(request, row, change=kind == CHANGE)


def query_of(view: Any) -> dict[str, Argument]:
    """Return what a list of the admin takes, and what completes its fields."""
    kind = kind_of(view)
    if kind == SEARCH:
        field = [_words(words, required=True) for words in _FIELD]
        names = ("app_label", "model_name", "field_name")
        words = {"term": _words("Words to search for."), "page": PAGE}
        return {**dict(zip(names, field, strict=True)), **words}
    if kind != LIST:
        return {}
    found = {"link": _link(), "p": PAGE}
    if view.model_admin.search_fields:
        found["q"] = _words("Words to search for.")
    return found


def gives_up(view: Any, target: str) -> bool:
    """Does a list lead to this because it cannot do what it was asked for?"""
    return kind_of(view) == LIST and urlsplit(target).query == "e=1"


_FIELD = (
    "The app of the field that is filled in.",
    "The model of the field, in lower case.",
    "The field: what may be chosen for it is searched.",
)


_LINK = "A link of the list that begins with a ?, which filters or orders it."


def _link() -> Argument:
    """Return what takes the filters, orders and dates that the page offers."""

    def query(text: str) -> QueryDict:
        try:
            return QueryDict(text.removeprefix("?"))
        except (SuspiciousOperation, ValueError):
            raise PydanticCustomError("link", "is no link of the list") from None

    core = core_schema.no_info_after_validator_function(query, incoming.text_core())
    return Argument(schema={"type": "string", "description": _LINK}, core=core)


def without_keys(form: Any) -> None:
    """Leave out of an admin's form which keys to hold while choosing."""
    said = gettext(_KEYS)
    for field in form.fields.values():
        if isinstance(field, forms.ModelMultipleChoiceField):
            words = field.help_text
            shorten = _lazily_shorter if isinstance(words, Promise) else _shorter
            field.help_text = shorten(words, said)


def _shorter(words: Any, said: str) -> str:
    return str(words).removesuffix(said).rstrip()


_lazily_shorter = lazy(_shorter, str)

#: Words of Django's, in its catalogue.
_KEYS = "Hold down “Control”, or “Command” on a Mac, to select more than one."


def _words(description: str, *, required: bool = False) -> Argument:
    schema = {"type": "string", "description": description}
    return Argument(schema=schema, core=incoming.text_core(), required=required)
