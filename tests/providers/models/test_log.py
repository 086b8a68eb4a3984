"""The admin's log, as the admin itself writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.utils import translation

from tests.providers.models.asking import call, person
from tests.providers.models.writing import task, tasks, team
from tests.testapp.models import Task

pytestmark = pytest.mark.django_db


def entry() -> LogEntry:
    """Return the last entry."""
    return LogEntry.objects.select_related("content_type").order_by("-id")[0]


def test_writing_is_logged_as_the_admin_logs() -> None:
    server, ann = tasks(), person("ann")
    start = {"team": team().pk, "number": 1, "title": "T"}
    key = call(server, "create_task", start, ann)["id"]
    made = entry()
    assert (made.action_flag, made.user, made.object_id) == (ADDITION, ann, str(key))
    assert made.content_type is not None
    assert made.content_type.model_class() is Task
    assert made.object_repr == str(Task.objects.get())
    assert json.loads(made.change_message) == [{"added": {}}]
    with translation.override("de"):
        changes = {"title": "N", "number": 1, "due": "2026-01-01"}
        call(server, "update_task", {"id": key, **changes}, ann)
    assert entry().action_flag == CHANGE
    message = [{"changed": {"fields": ["Title", "Due"]}}]
    assert json.loads(entry().change_message) == message
    assert entry().get_change_message() == "Changed Title and Due."
    call(server, "update_task", {"id": key, "title": "N"}, ann)
    assert json.loads(entry().change_message) == []
    call(server, "delete_task", {"id": key}, ann)
    assert (entry().action_flag, entry().change_message) == (DELETION, "")
    assert LogEntry.objects.count() == 4


def test_nobody_known_leaves_no_entry() -> None:
    call(tasks(), "delete_task", id=task().pk)
    assert not LogEntry.objects.exists()


def test_without_the_admin_nothing_is_logged(settings: Any) -> None:
    made = task()
    apps = [app for app in settings.INSTALLED_APPS if "admin" not in app]
    settings.INSTALLED_APPS = apps
    call(tasks(), "update_task", {"id": made.pk, "title": "x"}, person("ann"))
    assert Task.objects.get().title == "x"
