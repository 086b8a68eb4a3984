"""A toolset's own methods as tools, on rows that the door leads to."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field

from django_mcp import Context, MCPServer, ModelToolset, ToolError, action
from django_mcp.protocol.errors import ProtocolError
from tests.providers.models.asking import call, person, refusal
from tests.providers.models.writing import Ours, Shown, task, tasks
from tests.testapp.models import Label, Task

pytestmark = pytest.mark.django_db


class Doing(Ours):
    """Does things with tasks."""

    @action
    def finish(self, context: Context, made: Task) -> None:
        """Mark a task as done."""
        made.done = True
        made.title += "!"
        made.save()

    @action(permissions=["change", "testapp.delete_task"], destructive=False)
    def postpone(
        self,
        context: Context,
        made: Task,
        to: datetime.date,
        days: Annotated[int, Field(le=9)] = 0,
    ) -> str:
        """Postpone a task.

        Args:
            to: The day.
        """
        made.due = to + datetime.timedelta(days)
        made.save()
        if days == 5:
            raise ToolError("Not five.")
        return f"{made.due} for {context.user}"

    @action(read_only=True, max_bulk=2, description="Count tasks.")
    def count(self, rows: Any) -> int:
        """Count."""
        return int(rows.count())

    @action(detail=False, permissions=[], name="clean_up")
    def tidy(self, context: Context, label: Label | None = None) -> dict[str, Any]:
        """Tidy up."""
        return {"rows": self.get_queryset(context).count(), "label": str(label)}

    @action
    def lose(self, context: Context, made: Task) -> None:
        """Give a task away."""
        made.team.name = "theirs"
        made.team.save()


class Strict(Doing):
    """Asks for Django's permissions."""

    has_view_permission = ModelToolset.has_view_permission
    has_change_permission = ModelToolset.has_change_permission


def test_a_method_gets_a_row_and_the_row_comes_back() -> None:
    made = task()
    assert call(tasks(Doing), "finish_task", id=made.pk)["title"] == "task 1!"
    made.refresh_from_db()
    assert made.done is True


def test_other_parameters_are_arguments() -> None:
    made = task()
    server = tasks(Strict)
    user = person("ann", "testapp.change_task", "testapp.delete_task")
    arguments = {"id": made.pk, "to": "2026-01-01", "days": 2}
    text = server.registry.tools.peek("postpone_task")
    assert text is not None
    assert text.input_schema == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "to": {"type": "string", "format": "date", "description": "The day."},
            "days": {"type": "integer", "maximum": 9, "default": 0},
        },
        "required": ["id", "to"],
        "additionalProperties": False,
    }
    assert (text.description, text.destructive) == ("Postpone a task.", False)
    with pytest.raises(ValueError, match="Expecting|Extra"):
        call(server, "postpone_task", arguments, user)
    made.refresh_from_db()
    assert made.due == datetime.date(2026, 1, 3)
    words = refusal(server, "postpone_task", {**arguments, "days": 10}, user)
    assert words == "days: should be at most 9"
    words = refusal(server, "postpone_task", {**arguments, "x": 1}, user)
    assert words.startswith("x: unknown argument")


def test_a_refusal_undoes_what_was_done() -> None:
    made = task()
    server = tasks(Doing)
    user = person("ann", "testapp.delete_task")
    arguments = {"id": made.pk, "to": "2026-01-01", "days": 5}
    assert refusal(server, "postpone_task", arguments, user) == "Not five."
    made.refresh_from_db()
    assert made.due is None


def test_several_rows_come_as_a_query_set() -> None:
    server = tasks(Doing)
    keys = [task(n).pk for n in (1, 2)]
    assert call(server, "count_tasks", ids=keys) == 2
    assert "at most 2 items" in refusal(server, "count_tasks", ids=[*keys, 3])
    assert refusal(server, "count_tasks", ids=[1, 1]) == "ids: the same one twice"
    words = "ids: there is no task with this ids"
    hidden = task(3, of="theirs").pk
    for key in (hidden, 10**9):
        assert refusal(server, "count_tasks", ids=[keys[0], key]) == words
    tool = server.registry.tools.peek("count_tasks")
    assert tool is not None
    assert (tool.read_only, tool.description) == (True, "Count tasks.")


def test_a_method_may_need_no_row_and_other_rows_have_doors_too() -> None:
    server = tasks(Doing)
    task(1), task(2, of="theirs")
    assert call(server, "clean_up_tasks") == {"rows": 1, "label": "None"}
    covert = Label.objects.create(name="covert", hidden=True)
    words = "label: there is no label with this id"
    for key in (covert.pk, 10**9):
        assert refusal(server, "clean_up_tasks", label=key) == words
    plain = Label.objects.create(name="plain")
    assert call(server, "clean_up_tasks", label=plain.pk)["rows"] == 1


def test_a_hidden_row_and_a_missing_one_give_the_same_words() -> None:
    hidden = task(of="theirs")
    for key in (hidden.pk, 10**9, -5):
        words = refusal(tasks(Doing), "finish_task", id=key)
        assert words == "id: there is no task with this id"
    for wrong in ("x", None, 2**63, [1], "\x00"):
        assert refusal(tasks(Doing), "finish_task", id=wrong).startswith("id: ")
    assert Task.objects.get().done is False


def test_a_row_that_is_gone_is_not_shown() -> None:
    assert call(tasks(Doing), "lose_task", id=task().pk) == {"done": True}


def test_permissions_decide_about_tools_and_rows() -> None:
    made = task()
    server = tasks(Strict)
    user = person("ann", "testapp.change_task")
    with pytest.raises(ProtocolError, match="Unknown tool"):
        call(server, "postpone_task", id=made.pk, user=user)
    with pytest.raises(ProtocolError, match="Unknown tool"):
        call(server, "count_tasks", ids=[made.pk], user=user)
    assert call(server, "finish_task", id=made.pk, user=user) == {"done": True}


class ForSome(Doing):
    """Lets one change only the first task."""

    def has_change_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.number == 1


def test_permissions_are_asked_for_each_row() -> None:
    server = tasks(ForSome)
    call(server, "finish_task", id=task(1).pk)
    words = "id: you may not do this to this task"
    assert refusal(server, "finish_task", id=task(2).pk) == words


def test_actions_stay_beside_reading_alone() -> None:
    server = tasks(Doing, actions=["list"], prefix="shop")
    names = ("shop_finish_task", "shop_clean_up_tasks")
    assert all(server.registry.tools.peek(name) for name in names)
    assert server.registry.tools.peek("shop_update_task") is None
    server.unregister(Task)
    assert not any(server.registry.tools.peek(name) for name in names)


class Quiet(Doing):
    """Takes one action back."""

    finish = None  # type: ignore[assignment]


def test_a_subclass_takes_an_action_back() -> None:
    server = tasks(Quiet)
    assert server.registry.tools.peek("finish_task") is None
    assert server.registry.tools.peek("lose_task") is not None


async def _asynchronous(self: Any, context: Context, row: Any) -> None: ...


def _rowless(self: Any, context: Context) -> None: ...


def _twice(self: Any, context: Context, row: Any, id: int) -> None: ...


@pytest.mark.parametrize(
    ("method", "options", "reason"),
    [
        (_asynchronous, {}, "is async"),
        (_rowless, {}, "takes no row"),
        (_twice, {}, "'id'"),
        (
            _rowless,
            {"detail": False, "permissions": "publish"},
            "has_publish_permission",
        ),
    ],
)
def test_what_cannot_be_called_is_refused_at_registration(
    method: Any, options: Any, reason: str
) -> None:
    cls = type("Wrong", (Shown,), {"does": action(**options)(method)})
    with pytest.raises(ImproperlyConfigured, match=reason):
        MCPServer("t").register(Label, cls)
    with pytest.raises(ImproperlyConfigured, match="listed"):
        unlisted = type("Wrong", (Doing,), {"fields": ("title",)})
        MCPServer("t").register(Task, unlisted)
