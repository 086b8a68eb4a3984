"""Tools from forms: what a form asks is what the tool takes.

A function runs with the valid form, or with its cleaned data; without one, a
form of models is saved. All that can be decided once is decided here, at
registration.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from django import forms
from django.core.exceptions import ImproperlyConfigured

from django_mcp.context import Context
from django_mcp.primitives import Call, Tool
from django_mcp.providers.calls import is_async, listed
from django_mcp.providers.completions import Completer, given_completions
from django_mcp.providers.forms import saving
from django_mcp.providers.forms.arguments import ROWS, is_form, is_formset
from django_mcp.providers.forms.binding import Binding, FormKwargs
from django_mcp.providers.forms.completions import completions_from
from django_mcp.providers.forms.errors import lines_from_form
from django_mcp.providers.forms.instances import Instances, rows_from
from django_mcp.providers.functions import primitive_fields, tool_from_call
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.parameters import Function, signature_of, source_of
from django_mcp.schema.walk import Schema

#: What a function may call the valid form; ``self`` is for the form's methods.
_FORM = ("form", "formset", "self")
_DATA = "cleaned_data"
#: Options of tools, beside those of every primitive.
_HINTS = {"atomic", "destructive", "idempotent", "open_world", "read_only"}
#: Options that say who may.
_RULES = {"allowed", "permission", "permissions"}


def tool_from_form(
    form_class: Any,
    function: Function | None = None,
    *,
    action: Literal["create", "update"] | None = None,
    exclude: Collection[str] = (),
    form_kwargs: FormKwargs | None = None,
    queryset: Any = None,
    lookup_field: str = "pk",
    output_schema: Schema | Literal[False] | None = None,
    complete: Mapping[str, Completer] | None = None,
    **options: Any,
) -> Tool:
    """Make a tool of a form class, or of a class of sets of forms.

    ``function``: what runs with the valid form. It takes ``form`` (or
    ``formset``) or ``cleaned_data``, and ``context``, by these names. A form
    of models needs none: it is saved, by whom Django permits to add or change
    such rows, unless ``permission``, ``permissions`` or ``allowed`` say else.

    ``action``: ``"update"`` makes an argument more, which names the row to
    change (of an inline formset, the one that the rows belong to) by
    ``lookup_field``, among those of ``queryset``: a ``QuerySet``, or a
    function of the context. A model formset edits the rows of ``queryset``.

    ``form_kwargs``: a function of the context that returns what the form is
    made with, beside its data: ``lambda context: {"user": context.user}``.

    ``exclude``: fields that are not offered, and keep what they begin with.

    The other options are those of `tool_from_function`.

    Raises: ImproperlyConfigured
    """
    hints = {name: options.pop(name) for name in _HINTS & options.keys()}
    source = source_of(function or form_class)
    check_form(form_class, source)
    _check_owner(form_class, form_kwargs, source)
    action = action or ("update" if hasattr(form_class, "fk") else "create")
    if action not in saving.ACTIONS:
        raise ImproperlyConfigured(f"{source}: action is 'create' or 'update'.")
    instances = None
    if action == "update":
        instances = _instances(form_class, source, queryset, lookup_field)
    elif queryset is not None:
        form_kwargs = _with_rows(form_class, source, queryset, form_kwargs)
    binding = Binding(
        form_class,
        source=source,
        exclude=exclude,
        form_kwargs=form_kwargs,
        instances=instances,
    )
    if function is None:
        hints = {**saving.hints_for(form_class, action), **hints}
        fields = _saving_fields(form_class, action, options)
        call = _saving_call(binding)
    else:
        fields = _fields(form_class, function, options)
        call = _call(binding, function, source)
    if output_schema is None and function is None:
        output_schema = saving.result_schema(form_class)
    return tool_from_call(
        call,
        fields,
        function=function,
        input_schema=binding.schema,
        output_schema=output_schema,
        complete={
            **completions_from(binding),
            **given_completions(source, binding.schema["properties"], complete),
        },
        **hints,
    )


def check_form(form_class: Any, source: str) -> None:
    """Refuse what is no class of forms. Raises: ImproperlyConfigured"""
    if not (isinstance(form_class, type) and is_form(form_class)):
        raise ImproperlyConfigured(
            f"{source}: {form_class!r} is not a class of forms, or of sets of forms."
        )


def _check_owner(form_class: Any, form_kwargs: FormKwargs | None, source: str) -> None:
    if hasattr(form_class, "ct_fk_field") and form_kwargs is None:
        raise ImproperlyConfigured(
            f"{source}: the rows of {form_class.__qualname__} may belong to anything:"
            " give its instance in form_kwargs."
        )


def _instances(form_class: Any, source: str, queryset: Any, lookup: str) -> Instances:
    taken: Collection[str] = (ROWS,)
    if is_formset(form_class):
        parent = getattr(form_class, "fk", None)
        model = parent and parent.remote_field.model
    else:
        model, taken = saving.model_of(form_class), form_class.base_fields
    if model is None:
        raise ImproperlyConfigured(
            f"{source}: action='update' needs a ModelForm, or an inline formset;"
            f" {form_class.__qualname__} is neither."
        )
    return Instances(
        model, source=source, queryset=queryset, lookup_field=lookup, taken=taken
    )


def _with_rows(
    form_class: Any, source: str, queryset: Any, form_kwargs: FormKwargs | None
) -> FormKwargs:
    if not issubclass(form_class, forms.BaseModelFormSet):
        raise ImproperlyConfigured(
            f"{source}: a queryset is for action='update', or for a model formset."
        )
    rows = rows_from(form_class.model, queryset, source)

    def kwargs(context: Context) -> dict[str, Any]:
        given = {} if form_kwargs is None else form_kwargs(context)
        return {"queryset": rows(context), **given}

    return kwargs


# -- with a function -------------------------------------------------------------


def _fields(
    form_class: Any, function: Function, options: Mapping[str, Any]
) -> dict[str, Any]:
    fields = primitive_fields(function, **options)
    words = vars(form_class).get("__doc__") or ""
    return {**fields, "description": fields["description"] or inspect.cleandoc(words)}


def _call(binding: Binding, function: Function, source: str) -> Call:
    """Return the call that runs a function with what a valid form has."""
    keywords = _keywords(function, source)
    # What a form's own method returns was not meant for clients: it may be a row.
    is_method = "self" in {one.name for one in signature_of(function).parameters}

    def call(context: Context, values: dict[str, Any]) -> Any:
        form = binding.bound(context, values)
        result = function(**keywords(form, context))
        _refuse_errors(form)
        return saving.told(result) if is_method else result

    async def acall(context: Context, values: dict[str, Any]) -> Any:
        form = await context.cross(binding.bound, context, values)
        result = await function(**keywords(form, context))
        await context.cross(_refuse_errors, form)
        return saving.told(result) if is_method else result

    return acall if is_async(function) else call


def _refuse_errors(form: Any) -> None:
    """A function may have found more against a form. Raises: ArgumentErrors"""
    if not form.is_valid():
        raise ArgumentErrors(lines_from_form(form))


def _keywords(
    function: Function, source: str
) -> Callable[[Any, Context], dict[str, Any]]:
    """Return what a function is called with: it says so by its parameters.

    Raises: ImproperlyConfigured
    """
    signature = signature_of(function)
    names = [one.name for one in signature.parameters if one.name in {*_FORM, _DATA}]
    unknown = [
        one.name
        for one in signature.parameters
        # What has a default is left to it: a form's own save(commit=True).
        if one.name not in names and one.required
    ]
    if unknown:
        raise ImproperlyConfigured(
            f"{source} takes {listed(unknown)}: the function of a form's tool takes"
            " form (or formset) or cleaned_data, and context, by these names."
        )
    about = signature.context_parameter

    def keywords(form: Any, context: Context) -> dict[str, Any]:
        given: dict[str, Any] = {
            name: form.cleaned_data if name == _DATA else form for name in names
        }
        return given if about is None else {**given, about: context}

    return keywords


# -- without one -----------------------------------------------------------------


def _saving_fields(
    form_class: Any, action: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields of a tool that saves; options come before them.

    Raises: ImproperlyConfigured
    """
    if not saving.saves(form_class):
        raise ImproperlyConfigured(
            f"{form_class.__qualname__} saves nothing, so its tool needs a function:"
            " mcp.form_tool(Form, function), or @mcp.form_tool(Form)."
        )
    given = dict(options)
    if not _RULES & given.keys():
        given["permissions"] = saving.permissions_for(form_class, action)
    words = saving.description_for(form_class, action)
    name = saving.name_for(form_class, action)
    return primitive_fields(form_class, **{"description": words, "name": name, **given})


def _saving_call(binding: Binding) -> Call:
    def call(context: Context, values: dict[str, Any]) -> Any:
        return saving.save(binding.bound(context, values))

    return call
