"""What the shop offers: to everybody who logged in, to writers, to its staff."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from django_mcp import Context, MCPServer, mcp

#: The shop's second server, at an address of its own: a token for the one is
#: none for the other.
by_view = MCPServer("by-view", path="/view")


def whoami(context: Context) -> str:
    """Name the caller, and what the client may do for them."""
    scopes = context.principal.scopes or ()
    return " ".join([context.user.get_username(), *sorted(scopes)])


def shelves() -> list[str]:
    """Name the shelves."""
    return list(Group.objects.order_by("name").values_list("name", flat=True))


def order(title: str) -> str:
    """Order a book."""
    return f"Ordered: {title}"


def build_shelf(name: str) -> str:
    """Build a shelf, which only the staff may."""
    return Group.objects.get_or_create(name=name)[0].name


def leave(context: Context) -> str:
    """Close the caller's account."""
    user = User.objects.get(username=context.user.get_username())
    user.is_active = False
    user.save()
    return "Farewell."


for server in (mcp, by_view):
    server.base_scopes = frozenset({"shop:read"})
    server.implied_scopes = {"shop:write": ["shop:read"]}
    server.tool(whoami, read_only=True)
    server.tool(shelves, read_only=True)
    server.tool(leave)
    server.tool(order, scopes=["shop:write"])
    server.tool(build_shelf, scopes=["shop:write"], permissions=["auth.add_group"])
