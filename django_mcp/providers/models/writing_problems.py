"""What is wrong with what a toolset says about writing, for the checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

from django_mcp.providers.fields.keys import model_field
from django_mcp.providers.models.columns import Problem
from django_mcp.providers.models.forms import fillable
from django_mcp.providers.models.paths import is_sensitive, path_from

if TYPE_CHECKING:
    from django_mcp.providers.models.toolset import ModelToolset

WRITING = ("create", "update", "delete")
#: Moments and numbers: what tells one state of a row from the next.
_VERSIONS = (models.DateTimeField, models.IntegerField)


def writing_problems(toolset: ModelToolset) -> list[Problem]:
    """Return what keeps a toolset from writing as it says."""
    if not any(action in toolset.actions for action in WRITING):
        return []
    wrong = [*_confirm_mistakes(toolset), *_version_mistakes(toolset)]
    found: list[Problem] = []
    if "create" in toolset.actions or "update" in toolset.actions:
        mistakes = [*_form_mistakes(toolset), *_name_mistakes(toolset)]
        if not mistakes:
            form = toolset.static_form_class
            mistakes += _shape_mistakes(toolset, form)
            found += _secrets(toolset, form)
        wrong += mistakes
    return found + [Problem("django_mcp.E014", f"{text}.") for text in wrong]


def _confirm_mistakes(toolset: ModelToolset) -> Iterator[str]:
    confirm: Any = toolset.confirm
    if isinstance(confirm, bool):
        return
    if isinstance(confirm, str) or any(one not in WRITING for one in confirm):
        yield f"confirm must be True, False or some of {', '.join(WRITING)}"


def _version_mistakes(toolset: ModelToolset) -> Iterator[str]:
    name = toolset.version_field
    if not name:
        return
    column = toolset.exposed.listing.column(name)
    if column is None or len(column.path.fields) > 1:
        yield f"version_field: {name!r} must be listed, and a field of the model"
    elif not isinstance(column.path.field, _VERSIONS) or column.path.nullable:
        yield f"version_field: {name!r} must be a moment or a number, and never null"
    elif name in toolset.writable_fields:
        yield f"version_field: {name!r} cannot be one of writable_fields"


def _form_mistakes(toolset: ModelToolset) -> Iterator[str]:
    form = toolset.form
    if form is None:
        if not toolset.writable_fields:
            yield "create and update need writable_fields or a form"
        return
    if not isinstance(form, type) or not issubclass(form, forms.BaseModelForm):
        yield f"form: {form!r} is no ModelForm"
        return
    model: Any = form._meta.model
    if model is None or model._meta.concrete_model is not (
        toolset.model._meta.concrete_model
    ):
        yield f"form: {form.__qualname__} is not for {toolset.model._meta.label}"


def _name_mistakes(toolset: ModelToolset) -> Iterator[str]:
    options = toolset.model._meta
    names: Any = toolset.writable_fields
    if isinstance(names, str):
        yield "writable_fields must be a list"
        return
    for name in names:
        field = model_field(options, name)
        if field is None or not hasattr(field, "formfield") or field.auto_created:
            yield f"writable_fields: {name!r} is no field that can be written"
        elif toolset.form is None and field.formfield() is None:
            yield f"writable_fields: {name!r} is filled in by the database"


def _shape_mistakes(toolset: ModelToolset, form: Any) -> Iterator[str]:
    made = fillable(form)
    for name, needed in made.shapeless.items():
        if needed or name in toolset.writable_fields:
            yield f"{name!r} cannot be sent as an argument: it takes a file, or parts"
    if not made.inputs and not made.shapeless:
        yield f"form: {form.__qualname__} has nothing to fill in"


def _secrets(toolset: ModelToolset, form: Any) -> Iterator[Problem]:
    for name in fillable(form).inputs:
        if not _is_secret(toolset, form, name):
            continue
        if name in toolset.allow_sensitive:
            text = f"{name!r} looks like a secret, and can be written."
            yield Problem("django_mcp.W006", text)
        else:
            text = f"{name!r} looks like a secret, and can be written."
            hint = "Name it in allow_sensitive if it is none."
            yield Problem("django_mcp.E011", f"{text} {hint}")


def _is_secret(toolset: ModelToolset, form: Any, name: str) -> bool:
    if isinstance(form.base_fields[name].widget, forms.PasswordInput):
        return True
    if model_field(toolset.model._meta, name) is None:
        return False
    return is_sensitive(path_from(toolset.model, name))
