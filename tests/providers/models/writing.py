"""Toolsets that write, for the tests of what they write."""

from __future__ import annotations

from typing import Any

from django_mcp import MCPServer, ModelToolset
from django_mcp.context import Context
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members
from tests.testapp.models import Label, Task, Team


class Anybody(ModelToolset):
    """Lets everybody do everything."""

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        """See `ModelToolset`."""
        return True

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class Ours(Anybody):
    """Shows the rows of the team called ours."""

    def get_queryset(self, context: Context) -> Any:
        """See `ModelToolset`."""
        return super().get_queryset(context).filter(team__name="ours")


class OurTeam(Anybody):
    """Shows the team called ours."""

    fields = ("id", "name")

    def get_queryset(self, context: Context) -> Any:
        """See `ModelToolset`."""
        return super().get_queryset(context).filter(name="ours")


class Shown(Anybody):
    """Shows what is not hidden."""

    fields = ("id",)

    def get_queryset(self, context: Context) -> Any:
        """See `ModelToolset`."""
        return super().get_queryset(context).filter(hidden=False)


TASKS: dict[str, Any] = {
    "fields": ["id", "team", "number", "title", "due", "labels", "version"],
    "writable_fields": [
        "team", "number", "title", "slug", "kind", "due", "begins", "ends", "lasts",
        "cost", "done", "urgent", "data", "parent", "country", "labels", "remark",
    ],
    "actions": ["list", "get", "create", "update", "delete"],
}  # fmt: skip


def tasks(base: Any = Ours, /, **given: Any) -> MCPServer:
    """Return a server with tasks, of which some are somebody else's."""
    server = MCPServer("tests")
    server.register(Task, base, **{**TASKS, **given})
    server.register(Team, OurTeam)
    server.register(Label, Shown)
    return server


def team(name: str = "ours") -> Team:
    """Return a team, made when it is first wanted."""
    return Team.objects.get_or_create(name=name)[0]


def task(number: int = 1, of: str = "ours", **fields: Any) -> Task:
    """Make a task."""
    fields.setdefault("title", f"task {number}")
    return Task.objects.create(team=team(of), number=number, **fields)


def answered(
    server: MCPServer, tool: str, arguments: Any, *answers: Any, user: Any = None
) -> tuple[Any, list[str]]:
    """Call a tool, answering what it asks; return the result and the questions."""
    questions: list[str] = []
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    for answer in (*answers, None):
        event = asked("tools/call", params, capabilities={"elicitation": {}})
        made: Any = call_tool(server, event, context_for(server, event, user))
        result = members(made)
        if result.get("resultType") != "input_required":
            return result, questions
        [(key, question)] = result["inputRequests"].items()
        questions.append(question["params"]["message"])
        params["inputResponses"] = {key: answer() if callable(answer) else answer}
        params["requestState"] = result["requestState"]
    raise AssertionError(questions)


YES = {"action": "accept", "content": {"confirm": True}}
NO = {"action": "accept", "content": {"confirm": False}}
