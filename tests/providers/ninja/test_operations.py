"""Operations are found where the URLconf has them, and are left as they are."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from django.contrib.auth.models import AnonymousUser, User

from django_mcp import MCPServer
from django_mcp.providers.ninja.operations import endpoints
from tests.providers.ninja import apis
from tests.providers.ninja.calling import (
    refusal_of,
    tool_of,
    value_of,
)

pytestmark = pytest.mark.needs("ninja")

STAFF = User(username="staff", is_staff=True)
ADA = User(username="ada")


def test_a_router_is_found_with_the_routers_below(server: MCPServer) -> None:
    server.ninja(apis.outer)
    server.settle()
    assert {tool.name for tool in server.registry.tools} == {"list_all", "outer.list"}


def test_a_router_below_inherits_guards_and_tags(server: MCPServer) -> None:
    server.ninja(apis.inner, operations=["GET", "POST"])
    assert tool_of(server, "list_all").tags == {"outer", "inner"}
    for name, answer in (("list_all", "inner"), ("add", "added")):
        assert value_of(server, name, user=STAFF) == answer
        for user in (ADA, AnonymousUser()):
            assert "permission" in refusal_of(server, name, user=user)


def test_two_apis_guard_the_same_operation_each_in_its_way(
    server: MCPServer,
) -> None:
    server.ninja(apis.first, prefix="first")
    server.ninja(apis.second, prefix="second")
    superuser = User(username="root", is_superuser=True)
    name = "second_a_list_"
    assert value_of(server, name, user=superuser) == "other"
    assert "permission" in refusal_of(server, name, user=STAFF)
    assert value_of(server, "first_list_all", user=STAFF) == "inner"


def state_of(api: Any) -> dict[str, Any]:
    """Return everything an API and its operations hold, two levels deep."""
    state = {"api": dict(vars(api))}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                key = f"{path} {operation.methods} {id(operation)}"
                state[key] = {
                    name: value.copy() if isinstance(value, dict | list) else value
                    for name, value in vars(operation).items()
                }
                state[f"{key} function"] = dict(vars(operation.view_func))
    return state


@pytest.mark.django_db
def test_nothing_about_an_api_is_changed(server: MCPServer) -> None:
    endpoints(apis.guards)  # the URLconf binds routers when it is first read
    before = state_of(apis.guards)
    server.ninja(apis.guards, operations=["GET", "POST"], auth=True)
    value_of(server, "anybody")
    value_of(server, "key", user=ADA)
    value_of(server, "akey", user=ADA)
    value_of(server, "post_key", user=ADA)
    assert state_of(apis.guards) == before


def test_a_controller_is_exposed_under_names_that_stay(server: MCPServer) -> None:
    server.ninja(apis.controlled, auth=lambda context, request: "somebody")
    assert value_of(server, "desk") == "somebody"
    # What cannot be copied whole is not copied.
    assert "permission" in refusal_of(server, "deskdrawn")
    [mistake] = server.declarations.mistakes
    assert mistake.text.startswith("Everybody is refused by deskdrawn: ")
    assert "cannot be stood in for" in mistake.text
