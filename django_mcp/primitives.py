"""Tools, resources, resource templates and prompts, as frozen values.

A primitive carries its own ``call``, ``read`` or ``get``, so neither the
registry nor the protocol's methods know what stands behind it. Providers
build these values; a project may build them by hand. Nothing here touches
the wire, and nothing here waits.

``call``, ``read``, ``get`` and ``complete`` return their value, or an
awaitable of it. ``blocking`` says that calling may block (a synchronous
function, a query): the caller then runs it in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext

from django_mcp.exceptions import PermissionRequired
from django_mcp.languages import is_lazy

if TYPE_CHECKING:
    from django_mcp.auth.base import Principal
    from django_mcp.context import Context
    from django_mcp.throttling import Rates

#: Words for people: a string, or a lazy translation of one.
Text: TypeAlias = str | Promise
Allowed: TypeAlias = "Callable[[Context], bool]"
#: ``call(context, arguments)``: the value, or an awaitable of it.
Call: TypeAlias = "Callable[[Context, dict[str, Any]], Any | Awaitable[Any]]"
#: ``complete(context, value, others)``: suggestions for one argument whose
#: text so far is ``value``, beside the ``others`` already given.
Complete: TypeAlias = (
    "Callable[[Context, str, Mapping[str, str]],"
    " Iterable[str] | Awaitable[Iterable[str]]]"
)


def anyone(context: Context) -> bool:
    """Allow everybody: the rule of a primitive that names no permission."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """A picture a client may show beside a name."""

    src: str
    mime_type: str = ""
    sizes: tuple[str, ...] = ()
    theme: str = ""

    def described(self) -> dict[str, Any]:
        """Return it as the protocol names its parts."""
        parts = {
            "src": self.src,
            "mimeType": self.mime_type,
            "sizes": list(self.sizes),
            "theme": self.theme,
        }
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Primitive:
    """What every primitive has."""

    name: str
    title: Text = ""
    description: Text = ""
    icons: tuple[Icon, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    #: May this context see and use it? Asked for lists and for calls alike.
    allowed: Allowed = anyone
    #: OAuth scopes a caller's token needs, beside being allowed.
    scopes: frozenset[str] = frozenset()
    #: Seconds after which a call is given up; ``None`` means never.
    timeout: float | None = None
    #: How often one caller may call it; see `django_mcp.throttling.rates_from`.
    throttle: Rates = ()
    blocking: bool = False
    #: Who registered it, for error messages: ``shop.mcp.stock_of``.
    source: str = ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key!r}>"

    @property
    def key(self) -> str:
        """What makes it unique among its kind."""
        return self.name


def is_translated(primitive: Primitive) -> bool:
    """Does what a client reads of it depend on the language?"""
    shown = [getattr(primitive, name, None) for name in _SHOWN]
    for argument in getattr(primitive, "arguments", ()):
        shown += [argument.title, argument.description]
    return is_lazy(shown)


#: What lists show of primitives, as far as it may hold words.
_SHOWN = (
    "title", "description", "meta", "input_schema", "output_schema", "annotations",
)  # fmt: skip


def check_scopes(primitive: Primitive, context: Context) -> None:
    """Refuse a token that is too narrow. Raises: PermissionRequired"""
    if primitive.scopes:
        require_scopes(primitive.scopes, context)


def require_scopes(scopes: Collection[str], context: Context) -> None:
    """Refuse a token without all of ``scopes``. Raises: PermissionRequired

    The refusal names every scope of the operation, whatever the token has
    (2026-07-28, basic/authorization, "Runtime Insufficient Scope Errors").
    """
    server = context.server
    if not has_scopes(context.principal, scopes, server.implied_scopes):
        raise PermissionRequired(
            gettext("The token lacks a scope this needs."),
            scopes=tuple(sorted({*scopes, *server.base_scopes})),
        )


def has_scopes(
    principal: Principal, scopes: Collection[str], implied: Mapping[str, Iterable[str]]
) -> bool:
    """Has a caller's token all of ``scopes``, by name or by what those contain?"""
    granted = principal.scopes
    if granted is None or granted.issuperset(scopes):
        return True
    return with_implied(granted, implied).issuperset(scopes)


def with_implied(
    granted: Collection[str], implied: Mapping[str, Iterable[str]]
) -> set[str]:
    """Return scopes with all that they contain, and what that contains."""
    found: set[str] = set()
    waiting = list(granted)
    while waiting:
        scope = waiting.pop()
        if scope not in found:
            found.add(scope)
            waiting.extend(implied.get(scope, ()))
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Tool(Primitive):
    """Something a model may call."""

    call: Call
    input_schema: dict[str, Any] = field(
        default_factory=lambda: {
            "type": "object",
            "properties": {},
            "additionalProperties": False,
        }
    )
    output_schema: dict[str, Any] | None = None
    #: Whether values also go as structured content, beside the text.
    structured: bool = True
    read_only: bool = False
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None
    #: Header name (``region``) to the path of the argument it repeats
    #: (``("where", "region")``), from ``x-mcp-header`` in the input schema.
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Completions by argument name, for clients that ask.
    complete: Mapping[str, Complete] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Resource(Primitive):
    """Something a client may read, at a fixed URI."""

    uri: str
    read: Callable[[Context], Any | Awaitable[Any]]
    mime_type: str = ""
    size: int | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.uri


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ResourceTemplate(Primitive):
    """Things a client may read, at URIs of one shape (RFC 6570)."""

    uri_template: str
    #: The variables of a URI that fits the template, or ``None``.
    match: Callable[[str], dict[str, Any] | None]
    read: Callable[[Context, str, dict[str, Any]], Any | Awaitable[Any]]
    mime_type: str = ""
    annotations: Mapping[str, Any] = field(default_factory=dict)
    complete: Mapping[str, Complete] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.uri_template


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptArgument:
    """One blank of a prompt; its value is always a string."""

    name: str
    title: Text = ""
    description: Text = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Prompt(Primitive):
    """A message, or several, that a person chooses to send to a model."""

    #: ``get(context, arguments)`` with the arguments as strings.
    get: Call
    arguments: tuple[PromptArgument, ...] = ()
    complete: Mapping[str, Complete] = field(default_factory=dict)
