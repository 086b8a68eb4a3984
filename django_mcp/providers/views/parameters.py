"""What the path of a view takes, as arguments.

Each argument comes out of its check as the text that stands in the address.
Path converters say what they are; for a group of a regular expression, the
view's own hints may.
"""

from __future__ import annotations

import inspect
import re
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from django.urls import ResolverMatch, converters
from django.utils.translation import gettext
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from django_mcp.providers.fields.arguments import Argument, described
from django_mcp.providers.views import admins
from django_mcp.providers.views.routes import Route
from django_mcp.schema import incoming
from django_mcp.schema.parameters import docstring_of
from django_mcp.schema.walk import Schema

#: What regular expressions of Python have, and those of JSON Schema have not.
_OURS = re.compile(r"\(\?|\\[AZ]")
#: Any text, of which a pattern would say nothing.
_ANY = converters.PathConverter.regex


class Path:
    """Where a view is, and what its address takes."""

    def __init__(
        self, routes: Sequence[Route], view: Callable[..., Any], *, source: str
    ) -> None:
        """Raises: ImproperlyConfigured"""
        for route in routes:
            _check_addresses(route, source)
        self._routes = tuple(routes)
        names = list(dict.fromkeys(name for route in routes for name in _names(route)))
        #: What clients call a value, and what the URLconf calls it.
        self._names = {_public(name, view, source): name for name in names}
        ways = [set(given) for route in routes for _, given in route.shape.endings]
        needed = set.intersection(*ways)
        hints = hints_of(view)
        texts = admins.texts_of(view) | docstring_of(view).arguments
        self.arguments: dict[str, Argument] = {
            public: _either(
                [
                    _argument(route, name, hints.get(public))
                    for route in routes
                    if name in _names(route)
                ],
                required=name in needed,
                description=texts.get(public, ""),
            )
            for public, name in self._names.items()
        }

    def match(self, texts: Mapping[str, str]) -> tuple[str, ResolverMatch]:
        """Return the path for these values, and what the URLconf makes of it.

        Raises: Http404
        """
        given = {self._names[public]: text for public, text in texts.items()}
        for route in self._routes:
            found = route.match(given)
            if found is not None:
                return found
        raise Http404(gettext("There is no page at this address."))


def _names(route: Route) -> list[str]:
    endings = route.shape.endings
    return list(dict.fromkeys(name for _, names in endings for name in names))


def _public(name: str, view: Callable[..., Any], source: str) -> str:
    """Return what clients call a value of a path.

    A group without a name is called as the view calls its parameter.
    """
    if not _is_number(name):
        return name
    positional = positional_of(view)
    if int(name[1:]) >= len(positional):
        raise ImproperlyConfigured(
            f"{source}: a group of its URL has no name, and the view has none for it."
            " Name the group: (?P<name>…)."
        )
    return positional[int(name[1:])]


def _check_addresses(route: Route, source: str) -> None:
    """Refuse a regular expression that Django could not reverse either."""
    shape = route.shape
    kinds = {_is_number(name) for name in _names(route)}
    unmade = any(not n and not shape.regex.search(t % {}) for t, n in shape.endings)
    if unmade or len(kinds) > 1:
        raise ImproperlyConfigured(
            f"{source}: no address can be made for its URL ({route.text}). Write it"
            " without alternatives, and name all of its groups, or none."
        )


# -- one of them ---------------------------------------------------------------


def _argument(route: Route, name: str, hint: Any) -> Argument:
    converter = route.converters.get(name)
    if converter is not None:
        return _of_converter(converter)
    if hint is int:
        return INTEGER
    if hint is uuid.UUID:
        return UUID
    return _text(group_of(route.shape.regex.pattern, name))


def _of_converter(converter: Any) -> Argument:
    for kind, argument in _KNOWN:
        if isinstance(converter, kind) and _is_like(converter, kind):
            return argument
    if _returns(converter.to_python) is int:
        return _custom_integer(converter)
    return _text(converter.regex)


def _is_like(converter: Any, kind: Any) -> bool:
    """Does a subclass still convert as its base does?"""
    return bool(converter.regex == kind.regex) and all(
        getattr(type(converter), name) is getattr(kind, name)
        for name in ("to_python", "to_url")
    )


def _returns(function: Callable[..., Any]) -> Any:
    try:
        return typing.get_type_hints(function).get("return")
    except (NameError, TypeError, AttributeError):
        return None


def _made(core: CoreSchema, text: Callable[[Any], str]) -> CoreSchema:
    return core_schema.no_info_after_validator_function(text, core)


def _text(regex: str) -> Argument:
    """Return text of one shape. A whole number is text in an address, too."""
    schema: Schema = {"type": "string", "minLength": 1}
    if regex != _ANY and not _OURS.search(regex):
        schema["pattern"] = f"^(?:{regex})$"
    whole = re.compile(regex)

    def check(value: str) -> str:
        if not whole.fullmatch(value):
            raise PydanticCustomError("path", "does not fit the address")
        return value

    core = core_schema.no_info_before_validator_function(
        lambda value: str(value) if type(value) is int else value,
        incoming.text_core(),
    )
    return Argument(schema=schema, core=_made(core, check))


def _custom_integer(converter: Any) -> Argument:
    """Return a whole number, which its converter writes as it likes."""

    def text(value: int) -> str:
        try:
            return str(converter.to_url(value))
        except ValueError:
            raise PydanticCustomError("path", "does not fit the address") from None

    return Argument(
        schema={"type": "integer"}, core=_made(incoming.integer_core(), text)
    )


INTEGER = Argument(
    schema={"type": "integer", "minimum": 0},
    core=_made(incoming.integer_core(0), str),
)
UUID = Argument(
    schema={"type": "string", "format": "uuid"}, core=_made(incoming.UUID, str)
)
_KNOWN = (
    (converters.IntConverter, INTEGER),
    (converters.UUIDConverter, UUID),
    (converters.SlugConverter, _text(converters.SlugConverter.regex)),
    (converters.PathConverter, _text(converters.PathConverter.regex)),
    (converters.StringConverter, _text(converters.StringConverter.regex)),
)


def _either(several: list[Argument], required: bool, description: str) -> Argument:
    """Return one argument for what several routes take by one name."""
    kinds = {repr(one.schema): one for one in several}
    first, *others = kinds.values()
    schema, core = first.schema, first.core
    if others:
        schema = {"anyOf": [one.schema for one in kinds.values()]}
        core = core_schema.union_schema([one.core for one in kinds.values()])
    return Argument(schema=described(schema, description), core=core, required=required)


# -- what views and regular expressions say --------------------------------------


def hints_of(view: Callable[..., Any]) -> dict[str, Any]:
    """Return the hints of a view's parameters, as far as they can be read."""
    try:
        return typing.get_type_hints(inspect.unwrap(view))
    except (NameError, TypeError, AttributeError):
        return {}


def positional_of(view: Callable[..., Any]) -> list[str]:
    """Return the names of what a view takes after the request, in order."""
    try:
        parameters = list(inspect.signature(view).parameters.values())
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in parameters if one.kind in kinds][1:]


def group_of(pattern: str, name: str) -> str:
    """Return what stands in a group: ``[0-9]+`` for ``(?P<pk>[0-9]+)``."""
    number = (
        int(name[1:]) + 1 if _is_number(name) else re.compile(pattern).groupindex[name]
    )
    opened: list[int] = []
    seen = 0
    for position, sign in _signs(pattern):
        if sign == "(":
            captures = pattern[position + 1] != "?" or pattern.startswith(
                "?P<", position + 1
            )
            seen += captures
            opened.append(position if captures and seen == number else -1)
        elif sign == ")":
            start = opened.pop()
            if start >= 0:
                return re.sub(r"^\?P<\w+>", "", pattern[start + 1 : position])
    return ".+"


def _signs(pattern: str) -> Iterator[tuple[int, str]]:
    """Yield the brackets that group, and where they are."""
    inside = False
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\":
            position += 1
        elif inside:
            inside = sign != "]"
        elif sign == "[":
            inside = True
            # A bracket that closes at once is meant itself.
            rest = pattern[position + 1 :]
            position += rest.startswith("^")
            position += rest.removeprefix("^").startswith("]")
        elif sign in "()":
            yield position, sign
        position += 1


def _is_number(name: str) -> bool:
    return name.startswith("_") and name[1:].isdigit()
