"""Make a prompt of a template: declared once, rendered for each call.

What a template says of itself is read when its server is first served;
nothing of it is decided from what a caller sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.contrib.auth.context_processors import PermWrapper
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from django_mcp.content.values import Message
from django_mcp.primitives import Prompt
from django_mcp.providers.completions import Completer, complete_from
from django_mcp.providers.functions import check_name, primitive_fields
from django_mcp.providers.templates.arguments import (
    RESERVED,
    arguments_from,
    validated,
)
from django_mcp.providers.templates.engines import template_named
from django_mcp.providers.templates.extra import Extra
from django_mcp.providers.templates.media import is_static
from django_mcp.providers.templates.nodes import MediaNode, PromptNode
from django_mcp.providers.templates.reading import place_of
from django_mcp.providers.templates.rendering import rendered_for
from django_mcp.providers.views.requests import Session

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.server import MCPServer


class Renders:
    """A template in the place of a function: what makes a primitive's fields."""

    def __init__(self, name: str) -> None:
        self.__name__ = name_from(name)
        self.__qualname__ = name
        self.__module__ = ""
        self.__doc__ = ""

    def __call__(self) -> None:
        """Is never called: it stands for what `primitive_fields` reads."""


class TemplatePrompt:
    """What a template is as a prompt, and how it is rendered."""

    def __init__(
        self,
        server: MCPServer,
        template: str,
        /,
        *,
        context: Any = None,
        complete: Mapping[str, Completer] | None = None,
        **options: Any,
    ) -> None:
        """Raises: ImproperlyConfigured"""
        self.name = template
        self._extra = Extra(context)
        self._template = template_named(template)
        self._arguments = arguments_from(
            server, self._template.reading, self._extra, self._provided
        )
        self._complete = complete or {}
        self._options = options
        self._check()

    @property
    def path(self) -> str:
        """Where the template's file is."""
        return self._template.path

    def prompt(self) -> Prompt:
        """Return the prompt. Raises: ImproperlyConfigured"""
        tags = [tag for tag in self._template.reading.tags if type(tag) is PromptNode]
        options = merged_options(self._options, tags)
        fields = primitive_fields(Renders(self.name), **options)
        check_name(fields)
        return Prompt(
            get=self._get,
            arguments=tuple(one.described() for one in self._arguments),
            complete=self._completions(),
            **fields,
        )

    def warnings(self) -> Iterator[str]:
        """Yield what is served, and hardly as it was meant."""
        reading = self._template.reading
        if not self._extra.is_function:
            known = self._provided | {one.name for one in self._arguments}
            for name, place in reading.names.items():
                if name not in known:
                    yield (
                        f"{place}: nothing gives {name!r}. Declare it with"
                        f" {{% argument {name} %}}, or give it in the option context."
                    )
        if reading.has_messages:
            for place in dict.fromkeys(reading.outside):
                yield f"{place}: what stands outside of the messages is not sent."

    # -- one call ----------------------------------------------------------

    def _get(self, context: Context, arguments: dict[str, Any]) -> list[Message]:
        given = validated(self._arguments, arguments)
        data = {**who(context), **given, **self._extra.call(context, given)}
        with rendered_for(context) as rendering:
            text = self._template.render(data, request_of(context))
            return rendering.finish(text)

    # -- at registration ----------------------------------------------------

    @property
    def _provided(self) -> set[str]:
        return {*RESERVED} | self._template.processed | self._extra.names

    def _completions(self) -> dict[str, Any]:
        known = [one.name for one in self._arguments]
        unknown = self._complete.keys() - set(known)
        if unknown:
            raise ImproperlyConfigured(
                f"{self.name} completes what it does not take:"
                f" {', '.join(sorted(unknown))}."
            )
        return {
            **{k: v for k, v in self._extra.completions.items() if k in known},
            **{one.name: one.complete for one in self._arguments if one.complete},
            **{k: complete_from(self.name, v) for k, v in self._complete.items()},
        }

    def _check(self) -> None:
        reading = self._template.reading
        free = {one.name for one in self._arguments if not one.choices}
        free -= self._extra.completions.keys()
        mistakes = [*reading.mistakes, *reading.chosen_by(free)]
        for tag in reading.tags:
            if isinstance(tag, MediaNode) and (mistake := self._wrong_with(tag)):
                mistakes.append(f"{place_of(tag)}: {mistake}")
        if mistakes:
            raise ImproperlyConfigured("; ".join(dict.fromkeys(mistakes)) + ".")

    def _wrong_with(self, tag: MediaNode) -> str:
        """Return why a file can never be shown, if it cannot."""
        name = tag.constant
        if name is not None:
            found = tag.storage or is_static(name)
            return "" if found else f"there is no static file {name!r}"
        name = tag.source.token
        if self._extra.is_function or name not in {one.name for one in self._arguments}:
            return ""
        return f"an argument is text, and {name!r} never a file"


def merged_options(
    options: Mapping[str, Any], tags: Iterable[PromptNode]
) -> dict[str, Any]:
    """Return what the project says, and what the tags say beside it.

    The project's words come first, and a template's before those of what it
    extends; but what one of them asks of a caller, nobody takes back.
    """
    merged = dict(options)
    for tag in tags:
        for key, value in tag.options.items():
            if isinstance(value, list):
                first = merged.get(key, ())
                merged[key] = [*([first] if isinstance(first, str) else first), *value]
            else:
                merged.setdefault(key, value)
    return merged


def name_from(template: str) -> str:
    """Return the name of a prompt: ``emails.welcome`` for
    ``shop/prompts/emails/welcome.md``, and elsewhere that of the file."""
    *folders, file = PurePosixPath(template).parts
    inner = folders[folders.index("prompts") + 1 :] if "prompts" in folders else []
    return ".".join([*inner, file.partition(".")[0]])


def who(context: Context) -> dict[str, Any]:
    """Return what every template may know: who calls, and what they may do."""
    user: Any = context.user
    return {"user": user, "perms": PermWrapper(user)}


def request_of(context: Context) -> HttpRequest | None:
    """Return the request, where a call came with one."""
    try:
        request = context.request
    except RuntimeError:
        return None
    if not hasattr(request, "session"):
        # No middleware ran where the call came in, and processors look for one.
        request.session = Session(context.user, None)
    return request
