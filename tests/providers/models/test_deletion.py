"""What goes along with a deleted row, and what keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.models.asking import Open, call, refusal
from tests.providers.models.writing import YES, Shown, answered, task, tasks
from tests.testapp.models import Comment, Step, Task

pytestmark = pytest.mark.django_db


def test_rows_that_need_it_are_counted_as_far_as_they_are_seen() -> None:
    made = task()
    server = tasks()
    Step.objects.create(task=made, hidden=True)
    words = "It cannot be deleted, because other rows would lose it."
    assert refusal(server, "delete_task", id=made.pk) == words
    server.register(Step, Shown)
    assert refusal(server, "delete_task", id=made.pk) == words
    Step.objects.create(task=made)
    words = "It cannot be deleted, because 1 steps would lose it."
    assert refusal(server, "delete_task", id=made.pk) == words
    assert Task.objects.exists()


def test_what_goes_along_needs_the_permission_to_delete_it() -> None:
    made = task()
    Comment.objects.create(task=made)
    server = tasks()
    server.register(Comment, Open, fields=["id"])
    words = "You may not delete what would be deleted along with it."
    assert refusal(server, "delete_task", id=made.pk) == words
    server.unregister(Comment)
    server.register(Comment, Shown)
    call(server, "delete_task", id=made.pk)
    assert not Comment.objects.exists()


def test_what_goes_along_must_be_seen() -> None:
    made = task()
    Comment.objects.create(task=made, hidden=True)
    server = tasks()
    server.register(Comment, Shown)
    words = "You may not delete what would be deleted along with it."
    assert refusal(server, "delete_task", id=made.pk) == words
    task(2, of="theirs", parent=task(3))
    assert refusal(server, "delete_task", id=Task.objects.get(number=3).pk) == words
    assert Task.objects.count() == 3


class Own(Shown):
    """Lets one delete only some."""

    def has_delete_permission(self, context: Any, obj: Any = None) -> bool:
        return obj is None or obj.text == "mine"


def test_each_row_that_goes_along_is_asked_for() -> None:
    made = task()
    server = tasks()
    server.register(Comment, Own)
    Comment.objects.create(task=made, text="mine")
    other = Comment.objects.create(task=made, text="other")
    refusal(server, "delete_task", id=made.pk)
    other.delete()
    call(server, "delete_task", id=made.pk)


def test_the_person_hears_what_goes_along() -> None:
    made = task()
    task(2, parent=made)
    for _ in range(2):
        Comment.objects.create(task=made)
    server = tasks(confirm={"delete"})
    _, [asked] = answered(server, "delete_task", {"id": made.pk}, YES)
    assert asked.splitlines() == [
        "Delete this task?",
        f"- id: {made.pk}, team: {made.team_id}, number: 1",
        "Deleted along with it: 1 tasks, rows of other models that belong to it.",
    ]
    assert not Task.objects.exists()
