"""From what a client sent to a form that is valid, or to the form's own words.

The form is made for each call, with what the project gives it for this
caller, so that dynamic choices and querysets are those of the moment. Nothing
here saves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.providers.fields.arguments import Arguments
from django_mcp.providers.forms.arguments import FormArguments, is_formset, optional
from django_mcp.providers.forms.errors import lines_from_form, nested
from django_mcp.providers.forms.instances import Instances
from django_mcp.providers.forms.posting import posted, posted_files
from django_mcp.schema.errors import ArgumentErrors
from django_mcp.schema.walk import Schema

#: ``form_kwargs(context)``: what a form is made with, beside its data.
FormKwargs: TypeAlias = Callable[[Context], Mapping[str, Any]]


class Binding:
    """A form, what it takes, and how it is made for a call."""

    def __init__(
        self,
        form_class: Any,
        *,
        source: str,
        exclude: Collection[str] = (),
        form_kwargs: FormKwargs | None = None,
        instances: Instances | None = None,
    ) -> None:
        """Raises: ImproperlyConfigured"""
        self.form_class = form_class
        self.fields = FormArguments(
            form_class,
            source=source,
            exclude=exclude,
            partial=instances is not None,
        )
        self.instances = instances
        self._form_kwargs = form_kwargs
        if form_kwargs is not None and not callable(form_kwargs):
            raise ImproperlyConfigured(
                f"{source}: form_kwargs must be a function of the context."
            )
        key = {} if instances is None else {instances.name: instances.argument}
        #: The arguments as clients see them.
        self.schema: Schema = Arguments({**key, **self.fields.arguments}).schema
        # What is needed is the form's to say, in its own words, and may differ
        # from call to call.
        needed = is_formset(form_class)
        found = self.fields.arguments if needed else optional(self.fields.arguments)
        self._arguments = Arguments({**key, **found})

    def made(self, context: Context) -> Any:
        """Return a form for this caller. May block, as a project's own may."""
        return self.form_class(**self._kwargs(context))

    def _kwargs(self, context: Context) -> dict[str, Any]:
        return {} if self._form_kwargs is None else {**self._form_kwargs(context)}

    def bound(
        self, context: Context, arguments: dict[str, Any], *, where: str = ""
    ) -> Any:
        """Return the valid form of what was sent. May block.

        ``where`` is the argument that the form is, if it is one of several.
        Raises: ArgumentErrors
        """
        try:
            values = self._arguments.validated(arguments)
            return self._filled(context, values)
        except ArgumentErrors as error:
            if not where:
                raise
            names = {*self.schema["properties"], *arguments}
            raise ArgumentErrors(nested(error.lines, where, names)) from None

    def _filled(self, context: Context, values: dict[str, Any]) -> Any:
        kwargs = self._kwargs(context)
        if self.instances is not None:
            key = values.pop(self.instances.name)
            kwargs["instance"] = self.instances.get(context, key)
        blank = self.form_class(**kwargs)
        data, files = posted(blank, values), posted_files(blank, values)
        form = self.form_class(**{**kwargs, "data": data, "files": files})
        try:
            valid = form.is_valid()
        except (OverflowError, RecursionError):
            # A number that the form's own arithmetic cannot hold.
            raise ArgumentErrors([gettext("A value is out of range.")]) from None
        if not valid:
            raise ArgumentErrors(lines_from_form(form))
        return form
