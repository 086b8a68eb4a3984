"""Make a resource of a template, at one URI or at all of one shape.

The ``context`` function is to the URI what a resource's function is: it takes
the variables by name, and the same checks hold. The template makes text of
what it returns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import Resource, ResourceTemplate
from django_mcp.providers.functions import resource_from_function
from django_mcp.providers.templates.arguments import RESERVED
from django_mcp.providers.templates.engines import (
    Template,
    mime_type_of,
    template_named,
)
from django_mcp.providers.templates.extra import check_function, mapping_from
from django_mcp.providers.templates.prompts import name_from, request_of, who
from django_mcp.providers.templates.reading import place_of
from django_mcp.providers.templates.rendering import rendered_as_text
from django_mcp.schema.parameters import Function
from django_mcp.schema.uritemplate import UriTemplate

if TYPE_CHECKING:
    from django_mcp.context import Context

Read: TypeAlias = Callable[..., Any]


class TemplateResource:
    """What a template is as a resource. All but the template is checked at once.

    Raises: ImproperlyConfigured, TypeError
    """

    def __init__(
        self,
        uri: str,
        template: str,
        /,
        *,
        context: Any = None,
        mime_type: str = "",
        **options: Any,
    ) -> None:
        self.name = template
        self._values: dict[str, Any] = {}
        self._function: Function | None = None
        if context is None or isinstance(context, Mapping):
            self._values = dict(context or {})
            function = _function_of(uri)
        else:
            check_function(context)
            function = self._function = context
        options.setdefault("name", name_from(template))
        mime_type = mime_type or mime_type_of(template)
        self._primitive = resource_from_function(
            uri, function, mime_type=mime_type, **options
        )
        self._variables = set(UriTemplate(uri).variables)

    def primitive(self) -> tuple[Resource | ResourceTemplate, list[str]]:
        """Return the resource, and warnings. Raises: ImproperlyConfigured"""
        primitive = self._primitive
        template = template_named(self.name, primitive.mime_type)
        wrong = [
            f"{place_of(tag)}: the tags of {{% load mcp %}} belong into prompts"
            for tag in template.reading.tags
        ]
        wrong += template.reading.chosen_by(self._variables)
        if wrong:
            raise ImproperlyConfigured(f"{wrong[0]}.")
        read: Any = self._reader(template, primitive.read)
        made = replace(primitive, read=read, source=self.name)
        return made, list(self._warnings(template))

    def _reader(self, template: Template, values_at: Read) -> Read:
        """Read what the function gives, and render it."""

        def read(context: Context, *place: Any) -> str | None:
            found = values_at(context, *place)
            if found is None:
                return None
            variables = place[1] if place else {}
            made = found if self._function is None else self._made(found)
            data = {**who(context), **self._values, **variables, **made}
            with rendered_as_text():
                return template.render(data, request_of(context))

        return read

    def _made(self, found: Any) -> dict[str, Any]:
        return mapping_from(self._function, found)  # type: ignore[arg-type]

    def _warnings(self, template: Template) -> Iterator[str]:
        if self._function is not None:
            return
        known = RESERVED | template.processed | self._values.keys() | self._variables
        for name, place in template.reading.names.items():
            if name not in known:
                yield f"{place}: nothing gives {name!r}. Give it in the option context."


def _function_of(uri: str) -> Function:
    """Return a function that takes the variables of a URI, and gives them back."""

    def variables(**given: Any) -> dict[str, Any]:
        return given

    try:
        names = UriTemplate(uri).variables
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from error
    # Those of a query may be missing.
    variables.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="")
            for name in names
        ]
    )
    variables.__annotations__ = {}
    return variables
