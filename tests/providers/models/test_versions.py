"""Who writes must have seen the row as it is."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from django_mcp import MCPServer
from tests.providers.models.asking import call, refusal
from tests.providers.models.writing import Anybody, task, tasks
from tests.testapp.models import Task

pytestmark = pytest.mark.django_db

FIELDS = ["id", "title", "version", "updated_at"]


@pytest.mark.parametrize("field", ["version", "updated_at"])
def test_a_row_that_changed_since_is_not_written(field: str) -> None:
    server = tasks(fields=FIELDS, version_field=field)
    made = task()
    seen = call(server, "get_task", id=made.pk)[field]
    call(server, "update_task", {"id": made.pk, field: seen, "title": "first"})
    for tool, more in (("update_task", {"title": "second"}), ("delete_task", {})):
        words = refusal(server, tool, {"id": made.pk, field: seen, **more})
        assert words == f"{field}: this task was changed since. Get it again."
    assert Task.objects.get().title == "first"
    seen = call(server, "get_task", id=made.pk)[field]
    assert call(server, "delete_task", {"id": made.pk, field: seen}) == {"deleted": 1}


def test_the_version_is_needed_and_no_value() -> None:
    server = tasks(fields=FIELDS, version_field="version")
    made = task()
    words = refusal(server, "update_task", id=made.pk, title="x")
    assert words == "version: field required"
    words = refusal(server, "update_task", id=made.pk, title="x", version="\x00")
    assert words.startswith("version: ")
    words = refusal(server, "update_task", id=made.pk, version=0)
    assert words.startswith("say what to change")
    tool = server.registry.tools.peek("create_task")
    assert tool is not None
    assert "version" not in tool.input_schema["properties"]


def test_a_version_of_a_hidden_row_tells_nothing() -> None:
    server = tasks(fields=FIELDS, version_field="version")
    hidden = task(of="theirs", version=3)
    for version in (2, 3):
        arguments: Any = {"id": hidden.pk, "version": version, "title": "x"}
        words = refusal(server, "update_task", arguments)
        assert words == "id: there is no task with this id"


def test_each_of_several_rows_has_its_version() -> None:
    server = tasks(fields=FIELDS, version_field="version", max_bulk=5)
    rows = [{"id": task(n).pk, "version": n - 1, "title": "x"} for n in (1, 2)]
    words = refusal(server, "update_tasks", rows=rows)
    assert words.startswith("rows[1].version: this task was changed since")
    assert not Task.objects.filter(title="x").exists()


def test_a_moment_that_nothing_else_sets_is_set() -> None:
    server = MCPServer("tests")
    fields: dict[str, Any] = {
        "fields": ["id", "username", "date_joined"],
        "writable_fields": ["username"],
    }
    actions = ["get", "update"]
    server.register(
        User, Anybody, actions=actions, version_field="date_joined", **fields
    )
    made = User.objects.create(username="ann")
    seen = call(server, "get_user", id=made.pk)["date_joined"]
    change = {"id": made.pk, "date_joined": seen, "username": "bob"}
    assert call(server, "update_user", change)["date_joined"] > seen
    assert "changed since" in refusal(server, "update_user", change)


def write_slowly(key: int, begun: threading.Event) -> None:
    """Change a row, and finish only when somebody else waits for it."""
    try:
        with transaction.atomic():
            Task.objects.filter(pk=key).update(version=1)
            begun.set()
            deadline = time.monotonic() + 5
            with connection.cursor() as cursor:
                waiting = 0
                while not waiting and time.monotonic() < deadline:
                    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                    [waiting] = cursor.fetchone()
    finally:
        connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_being_written_is_waited_for() -> None:
    server = tasks(fields=FIELDS, version_field="version")
    made = task()
    begun = threading.Event()
    other = threading.Thread(target=write_slowly, args=(made.pk, begun))
    other.start()
    assert begun.wait(5)
    words = refusal(server, "update_task", id=made.pk, version=0, title="x")
    other.join()
    assert words == "version: this task was changed since. Get it again."
