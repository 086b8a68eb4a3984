"""Rows that are added, changed and deleted: all of them, or none."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from django_mcp import Context, MCPServer, action
from django_mcp.protocol.errors import ProtocolError
from tests.providers.models.asking import call, person, refusal
from tests.providers.models.writing import Anybody, Ours, task, tasks, team
from tests.testapp.models import Author, Comment, Country, Label, Task

pytestmark = pytest.mark.django_db


def test_a_row_is_added_and_comes_back_as_get_shows_it() -> None:
    server = tasks()
    red = Label.objects.create(name="red")
    row = call(
        server,
        "create_task",
        team=team().pk,
        number=1,
        title="Paint",
        due="2026-05-01",
        lasts="PT2H",
        cost="12.50",
        data={"a": [1, None]},
        labels=[red.pk],
    )
    made = Task.objects.get()
    assert row == call(server, "get_task", id=made.pk)
    assert row["title"] == "Paint"
    assert row["labels"] == [red.pk]
    assert str(made.cost) == "12.50"
    assert made.data == {"a": [1, None]}


def test_a_new_row_begins_with_the_defaults() -> None:
    call(tasks(), "create_task", team=team().pk, number=1, title="T")
    made = Task.objects.get()
    assert (made.kind, made.urgent, made.done) == ("bug", True, False)
    assert (made.data, made.slug, made.remark) == (None, None, "")


def test_only_what_is_sent_is_changed() -> None:
    made = task(slug="s", urgent=False, remark=" kept ", data={"a": 1}, pin="1234")
    made.labels.add(Label.objects.create(name="red"))
    before = dict(Task.objects.values().get())
    row = call(tasks(), "update_task", id=made.pk, title="New")
    assert row["title"] == "New"
    after = dict(Task.objects.values().get())
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"title", "updated_at"}
    assert made.labels.count() == 1


def test_null_and_an_empty_text_empty_what_may_be_empty() -> None:
    made = task(due="2026-01-01", remark="x", slug="s")
    made.labels.add(Label.objects.create(name="red"))
    call(tasks(), "update_task", id=made.pk, due=None, remark="", slug="", labels=[])
    made.refresh_from_db()
    assert (made.due, made.remark, made.slug) == (None, "", None)
    assert not made.labels.exists()


def test_null_for_what_cannot_be_empty_is_not_sent() -> None:
    made = task()
    call(tasks(), "update_task", id=made.pk, number=None, title=None, done=True)
    made.refresh_from_db()
    assert (made.number, made.title, made.done) == (1, "task 1", True)
    words = refusal(tasks(), "update_task", id=made.pk, title=None)
    assert words.startswith("say what to change: team, number, title")


def test_rows_are_deleted() -> None:
    made, other = task(1), task(2)
    assert call(tasks(), "delete_task", id=made.pk) == {"deleted": 1}
    assert list(Task.objects.all()) == [other]


# -- what a row must be ----------------------------------------------------


@pytest.mark.parametrize("tool", ["update_task", "delete_task"])
def test_a_hidden_row_and_a_missing_one_give_the_same_words(tool: str) -> None:
    hidden = task(of="theirs")
    more = {"title": "x"} if tool == "update_task" else {}
    for key in (hidden.pk, 10**9, -1, 2**63 - 1):
        words = refusal(tasks(), tool, id=key, **more)
        assert words == "id: there is no task with this id"
    assert Task.objects.get().title == "task 1"


def test_a_row_cannot_be_written_to_somebody_else() -> None:
    mine = task(1)
    words = "team: there is no team with this id"
    for key in (team("theirs").pk, 10**9):
        assert refusal(tasks(), "update_task", id=mine.pk, team=key) == words
        assert refusal(tasks(), "create_task", team=key, number=9, title="x") == words
    assert Task.objects.get().team == team()


class Open(Ours):
    """Hides what is done."""

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(done=False)


def test_what_would_not_be_seen_afterwards_is_not_written() -> None:
    made = task()
    words = "You would not see this task any more. Nothing was done."
    assert refusal(tasks(Open), "update_task", id=made.pk, done=True) == words
    arguments = {"team": team().pk, "number": 2, "title": "x", "done": True}
    assert refusal(tasks(Open), "create_task", arguments) == words
    made.refresh_from_db()
    assert made.done is False
    assert Task.objects.count() == 1


def test_related_rows_nobody_sees_stay_related() -> None:
    made = task()
    red = Label.objects.create(name="red")
    covert = Label.objects.create(name="covert", hidden=True)
    made.labels.add(red, covert)
    assert call(tasks(), "update_task", id=made.pk, labels=[])["labels"] == []
    assert list(made.labels.all()) == [covert]
    words = "labels: there is no label with this id"
    for key in (covert.pk, 10**9):
        assert refusal(tasks(), "update_task", id=made.pk, labels=[key]) == words


# -- permissions -----------------------------------------------------------


def test_each_verb_needs_its_permission() -> None:
    server = tasks(Anybody.__mro__[1])
    made = task()
    verbs = {"create": "add", "update": "change", "delete": "delete"}
    for verb, permission in verbs.items():
        with pytest.raises(ProtocolError, match=f"Unknown tool: {verb}_task"):
            call(server, f"{verb}_task", user=person(f"not {verb}"))
        user = person(verb, f"testapp.{permission}_task")
        assert refusal(server, f"{verb}_task", user=user).count("field required")
    user = person("writer", "testapp.change_task")
    assert call(server, "update_task", id=made.pk, title="N", user=user) == {
        "done": True
    }


class Mine(Ours):
    """Shows all, and lets one write only the first."""

    def has_change_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.number == 1

    has_delete_permission = has_change_permission
    has_add_permission = has_change_permission


def test_permissions_about_the_row() -> None:
    server = tasks(Mine)
    other = task(2)
    words = "id: you may not do this to this task"
    assert refusal(server, "update_task", id=other.pk, title="x") == words
    assert refusal(server, "delete_task", id=other.pk) == words
    arguments = {"team": team().pk, "number": 3, "title": "x"}
    assert "permission" in refusal(server, "create_task", arguments)
    assert list(Task.objects.all()) == [other]
    call(server, "create_task", {**arguments, "number": 1})


class Blind(Mine):
    """Shows none of what it does not let one write."""

    def has_view_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.number == 1


def test_who_may_neither_write_nor_see_a_row_is_told_nothing() -> None:
    other = task(2)
    words = "id: there is no task with this id"
    assert refusal(tasks(Blind), "update_task", id=other.pk, title="x") == words


def test_object_permissions_let_nobody_add(settings: Any) -> None:
    server = tasks(Anybody.__mro__[1], object_permissions=True)
    with pytest.raises(ProtocolError, match="Unknown tool: create_task"):
        call(server, "create_task", user=person("somebody"))


def test_permissions_of_single_rows(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "tests.providers.models.test_access.OwnBackend",
    ]
    server = MCPServer("tests")
    fields: dict[str, Any] = {"fields": ["id", "name"], "writable_fields": ["name"]}
    actions = ["get", "update", "delete"]
    server.register(Author, actions=actions, object_permissions=True, **fields)
    ann, bob = (Author.objects.create(name=name) for name in ("ann", "bob"))
    user = person("ann")
    words = "id: there is no author with this id"
    assert refusal(server, "update_author", id=bob.pk, name="x", user=user) == words
    assert refusal(server, "delete_author", id=bob.pk, user=user) == words
    with pytest.raises(ProtocolError, match="Unknown tool"):
        call(server, "delete_author", id=ann.pk)
    row = call(server, "update_author", id=ann.pk, name="ann", user=user)
    assert row == {"id": ann.pk, "name": "ann"}
    # Who gives a row another name may give it away.
    row = call(server, "update_author", id=ann.pk, name="eve", user=user)
    assert row == {"done": True}


# -- several at once -------------------------------------------------------


def test_several_rows_are_written_at_once_or_none() -> None:
    server = tasks(max_bulk=3)
    rows = [{"team": team().pk, "number": n, "title": f"t{n}"} for n in (1, 2)]
    made = call(server, "create_tasks", rows=rows)["rows"]
    assert [row["title"] for row in made] == ["t1", "t2"]
    first, second = (row["id"] for row in made)
    wrong = [{"id": first, "title": "new"}, {"id": second, "title": ""}]
    words = refusal(server, "update_tasks", rows=wrong)
    assert words == "rows[1].title: This field is required."
    wrong[1] = {"id": 10**9, "title": "x"}
    words = refusal(server, "update_tasks", rows=wrong)
    assert words == "rows[1].id: there is no task with this id"
    assert not Task.objects.filter(title="new").exists()
    changes = [{"id": second, "title": "b"}, {"id": first, "title": "a"}]
    told = call(server, "update_tasks", rows=changes)["rows"]
    assert [row["title"] for row in told] == ["b", "a"]
    keys = [{"id": first}, {"id": second}]
    assert call(server, "delete_tasks", rows=keys) == {"deleted": 2}


def test_several_rows_are_not_more_than_allowed_and_each_once() -> None:
    server = tasks(max_bulk=2)
    made = task()
    one = {"id": made.pk}
    assert refusal(server, "delete_tasks", rows=[one] * 3).startswith("rows: ")
    assert refusal(server, "delete_tasks", rows=[]).startswith("rows: ")
    assert refusal(server, "delete_tasks", rows=[one, one]) == "id: the same one twice"
    lines = refusal(server, "delete_tasks", rows=[{"id": "x"}, {"ids": 1}])
    assert "rows[0].id: " in lines
    assert "rows[1].ids: unknown argument; allowed are id" in lines


def test_what_only_the_database_knows_undoes_all() -> None:
    server = tasks(max_bulk=2)
    row = {"team": team().pk, "number": 1, "title": "same"}
    words = refusal(server, "create_tasks", rows=[row, row])
    assert words.startswith("The database refuses this")
    assert not Task.objects.exists()
    assert not LogEntry.objects.exists()


# -- hooks -----------------------------------------------------------------


class Hooked(Ours):
    """Has hooks, as the admin has."""

    def get_writable_fields(self, context: Any) -> Any:
        return ["number", "title"] if context.user.is_anonymous else ["title"]

    def save_model(self, context: Any, obj: Any, form: Any, change: bool) -> None:
        obj.remark = f"{change} {sorted(form.cleaned_data)}"
        if not change:
            obj.team = team()
        super().save_model(context, obj, form, change)

    def delete_model(self, context: Any, obj: Any) -> None:
        obj.done = True
        obj.save()


def test_hooks_save_and_delete() -> None:
    server = tasks(Hooked)
    key = call(server, "create_task", number=1, title="x")["id"]
    assert Task.objects.get().remark == "False ['number', 'title']"
    call(server, "update_task", id=key, title="y")
    assert Task.objects.get().remark == "True ['title']"
    call(server, "delete_task", id=key)
    assert Task.objects.get().done is True


def test_a_hook_gives_a_caller_fewer_fields() -> None:
    server = tasks(Hooked)
    made = task()
    words = refusal(server, "update_task", id=made.pk, number=2, user=person("ann"))
    assert words == "number: unknown argument; allowed are id, title"
    words = refusal(server, "update_task", id=made.pk, team=1)
    assert words == "team: unknown argument; allowed are id, number, title"


def test_a_call_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    made = task(data={}, parent=task(2), country=Country.objects.create(code="de"))
    server = tasks()
    call(server, "update_task", id=made.pk, title="x")
    # A savepoint and its release, the row (and its lock), the rules that must
    # be unique, the row itself, its trace, and the row as it is shown.
    with django_assert_max_num_queries(13):
        call(server, "update_task", id=made.pk, title="y")


# -- what clients read -----------------------------------------------------


def test_tools_say_what_they_do() -> None:
    tools = tasks().registry.tools
    found = {
        name: tools.peek(f"{name}_task") for name in ("create", "update", "delete")
    }
    hints = {
        name: (tool.read_only, tool.destructive, tool.idempotent)
        for name, tool in found.items()
        if tool is not None
    }
    assert hints == {
        "create": (False, False, False),
        "update": (False, True, True),
        "delete": (False, True, True),
    }
    update = found["update"]
    assert update is not None
    assert str(update.description) == "Change one task; what is not sent stays."
    assert update.input_schema["required"] == ["id"]
    create = found["create"]
    assert create is not None
    assert create.input_schema["required"] == ["team", "number", "title"]


def test_reading_toolsets_write_nothing() -> None:
    server = tasks(actions=["list", "get"])
    names = ("create_task", "update_task", "delete_task")
    assert not any(server.registry.tools.peek(name) for name in names)


def test_deleting_takes_along_what_belongs_to_the_row() -> None:
    made = task()
    Comment.objects.create(task=made, text="x")
    call(tasks(), "delete_task", id=made.pk)
    assert not Comment.objects.exists()


class Keyless(Ours):
    """Tells nobody what names a row."""

    def get_fields(self, context: Context) -> Any:
        """See `ModelToolset`."""
        return ["title"]

    @action
    def praise(self, context: Context, task: Task) -> str:
        """Say something nice."""
        return f"{task.title} is fine"


@pytest.mark.parametrize("name", ["update_task", "delete_task", "praise_task"])
def test_who_is_not_told_what_names_a_row_cannot_write_one(name: str) -> None:
    one = task()
    arguments = (
        {"id": one.pk, "title": "x"} if name == "update_task" else {"id": one.pk}
    )
    text = refusal(tasks(Keyless), name, arguments)
    assert "no task can be named by you" in text
    one.refresh_from_db()
    assert one.title == "task 1"
