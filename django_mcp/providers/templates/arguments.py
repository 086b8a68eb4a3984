"""The arguments of a prompt that is a template: who names them, and what fits.

Tags come first, then the parameters of the ``context`` function; with neither,
the variables that the template does not get from elsewhere. On the wire each
is text, and a blank one counts as not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.template.base import FilterExpression
from django.utils.translation import gettext

from django_mcp.primitives import Complete, PromptArgument, Text
from django_mcp.providers.templates.completions import (
    choices_from_path,
    complete_from_path,
)
from django_mcp.providers.templates.nodes import ArgumentNode
from django_mcp.providers.templates.reading import place_of
from django_mcp.schema.errors import ArgumentErrors

if TYPE_CHECKING:
    from django_mcp.context import Context
    from django_mcp.providers.templates.extra import Extra
    from django_mcp.providers.templates.reading import Reading
    from django_mcp.server import MCPServer

#: Names that say who calls, and never what a caller says.
RESERVED = frozenset({"user", "perms", "request"})

#: Values and what people call them, asked for each call: they may change, and
#: their words depend on the language.
Choices = Callable[[], Iterable[tuple[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument."""

    name: str
    title: Text = ""
    description: Text = ""
    required: bool = False
    default: Text = ""
    choices: Choices | None = None
    complete: Complete | None = None

    def described(self) -> PromptArgument:
        """Return it as lists show it."""
        return PromptArgument(
            name=self.name,
            title=self.title,
            description=self.description,
            required=self.required,
        )

    def problem(self, given: Mapping[str, str]) -> str:
        """Return what is wrong with what is given, or nothing."""
        value = given.get(self.name, "")
        if not value.strip():
            return f"{self.name}: field required" if self.required else ""
        if self.choices is None:
            return ""
        values = [value for value, _ in self.choices()]
        if value in values:
            return ""
        return f"{self.name}: should be one of {', '.join(values)}"


def validated(
    arguments: Sequence[Argument], given: Mapping[str, str]
) -> dict[str, str]:
    """Return a text for each argument. Raises: ArgumentErrors"""
    known = {one.name: one for one in arguments}
    names = ", ".join(known)
    unknown = (
        gettext("unknown argument; allowed are {names}").format(names=names)
        if names
        else gettext("unknown argument; there are none")
    )
    lines = [f"{name}: {unknown}" for name in given if name not in known]
    lines += filter(None, (one.problem(given) for one in arguments))
    if lines:
        raise ArgumentErrors(lines)
    return {
        name: given[name] if given.get(name, "").strip() else str(one.default)
        for name, one in known.items()
    }


def arguments_from(
    server: MCPServer, reading: Reading, extra: Extra, provided: set[str]
) -> list[Argument]:
    """Return the arguments of a prompt. Raises: ImproperlyConfigured"""
    tags = [tag for tag in reading.tags if isinstance(tag, ArgumentNode)]
    found: dict[str, Argument] = {}
    for tag in tags:
        # What extends another comes first, and may say something else.
        if tag.name not in found:
            found[tag.name] = _from_tag(server, tag, extra)
    for parameter in extra.parameters:
        if parameter.key not in found:
            found[parameter.key] = Argument(
                name=parameter.key,
                title=parameter.title,
                description=parameter.description,
                required=parameter.required,
            )
    if not tags and not extra.is_function:
        for name in reading.names.keys() - provided:
            found[name] = Argument(name=name, required=name not in reading.optional)
        found = {name: found[name] for name in reading.names if name in found}
    reserved = RESERVED & found.keys()
    if reserved:
        raise ImproperlyConfigured(
            f"No argument can be called {', '.join(sorted(reserved))}: that says who"
            " calls."
        )
    return list(found.values())


def _from_tag(server: MCPServer, tag: ArgumentNode, extra: Extra) -> Argument:
    choices = _choices(tag.choices, extra)
    complete: Complete | None = None
    if choices:
        complete = partial(_complete_choices, choices)
    if tag.complete:
        complete = complete_from_path(server, str(tag.complete))
    # What a function chooses from is known at the call.
    if choices and tag.default and isinstance(tag.choices, str):
        default = str(tag.default)
        if default not in [value for value, _ in choices()]:
            raise ImproperlyConfigured(
                f"{place_of(tag)}: {default!r} is none of the choices of {tag.name}."
            )
    return Argument(
        name=tag.name,
        title=tag.title,
        description=tag.description,
        required=tag.required,
        default=tag.default,
        choices=choices,
        complete=complete,
    )


def _choices(given: Any, extra: Extra) -> Choices | None:
    if given is None:
        return None
    if isinstance(given, FilterExpression):
        return _choices_of(extra.value(str(given.var), "choices"))
    found = choices_from_path(given)
    if found is not None:
        return found
    words = [word.strip() for word in given.split(",") if word.strip()]
    if not words:
        raise ImproperlyConfigured("choices names nothing to choose from.")
    return lambda: [(word, word) for word in words]


def _choices_of(value: Any) -> Choices:
    """Return the choices that a value is: words, pairs, a class, a function."""
    listed = getattr(value, "choices", value)

    def choices() -> Iterable[tuple[str, Any]]:
        found: Any = listed() if callable(listed) else listed
        for one in found:
            pair = isinstance(one, list | tuple)
            yield (str(one[0]), one[1]) if pair else (str(one), one)

    return choices


def _complete_choices(
    choices: Choices, context: Context, value: str, others: Mapping[str, str]
) -> Sequence[str]:
    start = value.casefold()
    return [
        one
        for one, label in choices()
        if one.casefold().startswith(start) or str(label).casefold().startswith(start)
    ]
