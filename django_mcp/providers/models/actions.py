"""`@action`: marks a method of a toolset, to be made a tool.

The decorator only marks; nothing is known here of tools, rows or the server.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from django_mcp.primitives import Text

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "_django_mcp_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a decorated method is as a tool."""

    name: str
    title: Text
    description: Text
    permissions: tuple[str, ...]
    read_only: bool
    destructive: bool | None
    idempotent: bool | None
    detail: bool
    max_bulk: int

    @property
    def many(self) -> bool:
        """Is it about several rows?"""
        return not self.detail or self.max_bulk > 1


@overload
def action(function: F, /) -> F: ...


@overload
def action(
    *,
    name: str = ...,
    title: Text = ...,
    description: Text = ...,
    permissions: Collection[str] | None = ...,
    read_only: bool = ...,
    destructive: bool | None = ...,
    idempotent: bool | None = ...,
    detail: bool = ...,
    max_bulk: int = ...,
) -> Callable[[F], F]: ...


def action(
    function: Any = None,
    /,
    *,
    name: str = "",
    title: Text = "",
    description: Text = "",
    permissions: Collection[str] | None = None,
    read_only: bool = False,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    detail: bool = True,
    max_bulk: int = 1,
) -> Any:
    """Make a tool of a toolset's method: ``publish_product``.

    The method takes the context and one row; a query set of up to
    ``max_bulk`` rows, if that is above one; or only the context, without
    ``detail``. Other parameters become arguments by their hints.

    ``permissions`` are verbs (``change``, for `has_change_permission`) or
    whole names (``shop.publish_product``), asked for each row too; ``view``
    of what is ``read_only`` and ``change`` of what is not, unless given.
    """
    if permissions is None:
        permissions = ("view",) if read_only else ("change",)
    elif isinstance(permissions, str):
        permissions = (permissions,)

    def mark(method: Any) -> Any:
        made = Action(
            name=name or method.__name__,
            title=title,
            description=description,
            permissions=tuple(permissions),
            read_only=read_only,
            destructive=destructive,
            idempotent=idempotent,
            detail=detail,
            max_bulk=max_bulk,
        )
        setattr(method, _MARK, made)
        return method

    return mark if function is None else mark(function)


def action_of(method: Any) -> Action | None:
    """Return what was said of a method, if it is decorated."""
    return getattr(method, _MARK, None)
