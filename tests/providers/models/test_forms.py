"""A project's own form, filled in by a client: the whole of it is judged, and
only what was sent is changed."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from tests.providers.models.asking import call, refusal
from tests.providers.models.writing import Ours, task, tasks, team
from tests.testapp.models import Task

pytestmark = pytest.mark.django_db


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    """Judges the fields, and the whole."""

    reason = forms.CharField(help_text="Why, in a word.")
    plan = forms.FileField(required=False)

    class Meta:
        model = Task
        fields = (
            "team", "number", "title", "due", "begins", "kind", "labels", "plan",
        )  # fmt: skip
        error_messages = {"title": {"required": "Name it."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].disabled = True

    def clean_title(self) -> str:
        """Begin with a capital, and be no taboo."""
        title: str = self.cleaned_data["title"]
        if title == "taboo":
            raise ValidationError("Not that word.")
        return title.capitalize()

    def clean(self) -> dict[str, Any]:
        """Compare with what was not sent."""
        cleaned = self.cleaned_data
        if cleaned.get("title", "").lower() == cleaned["team"].name:
            self.add_error("number", "Another number.")
        if cleaned.get("number") == 13:
            raise ValidationError("Bad luck.")
        if len(cleaned["labels"]) > 1:
            raise ValidationError({"due": "Too many labels for that."})
        return cleaned


FORM: dict[str, Any] = {"form": TaskForm, "writable_fields": ()}


def test_a_form_gives_the_arguments() -> None:
    server = tasks(**FORM)
    tool = server.registry.tools.peek("update_task")
    assert tool is not None
    assert list(tool.input_schema["properties"]) == [
        "id", "team", "number", "title", "due", "begins", "kind", "labels", "reason",
    ]  # fmt: skip
    # What only the form knows cannot have been kept.
    assert tool.input_schema["required"] == ["id", "reason"]


def test_the_form_cleans_what_was_sent_and_keeps_the_rest() -> None:
    made = task(plan="plans/a.txt", begins="2026-01-01T10:00:00.123456Z")
    before = dict(Task.objects.values().get())
    call(tasks(**FORM), "update_task", id=made.pk, title="new", reason="r")
    after = dict(Task.objects.values().get())
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"title", "updated_at"}
    assert after["title"] == "New"


def test_what_was_not_sent_is_not_judged_alone() -> None:
    made = task(title="taboo")
    call(tasks(**FORM), "update_task", id=made.pk, number=5, reason="r")
    made.refresh_from_db()
    assert (made.title, made.number) == ("taboo", 5)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"title": ""}, "title: Name it."),
        ({"title": "taboo"}, "title: Not that word."),
        ({"number": 13}, "Bad luck."),
        ({"reason": ""}, "reason: This field is required."),
    ],
)
def test_the_forms_own_words_come_back(sent: Any, words: str) -> None:
    made = task()
    server = tasks(**FORM)
    assert (
        refusal(server, "update_task", {"id": made.pk, "reason": "r", **sent}) == words
    )
    new = {"team": team().pk, "number": 2, "title": "x", "reason": "r", **sent}
    refusal(server, "create_task", new)


def test_the_form_may_find_fault_with_what_was_not_sent() -> None:
    made = task(title="Ours")
    Task.objects.update(title="ours")
    words = refusal(tasks(**FORM), "update_task", id=made.pk, due=None, reason="r")
    assert words == "number: Another number."


def test_named_fields_narrow_a_form() -> None:
    server = tasks(form=TaskForm, writable_fields=["title"])
    tool = server.registry.tools.peek("update_task")
    assert tool is not None
    assert list(tool.input_schema["properties"]) == ["id", "title", "reason"]


class Nothing(Ours):
    """Has a form, and lets nobody fill in the model's fields."""

    def get_writable_fields(self, context: Any) -> Any:
        return []


def test_a_hook_that_names_nothing_means_nothing() -> None:
    made = task()
    words = refusal(tasks(Nothing, **FORM), "update_task", id=made.pk, title="x")
    assert words.splitlines()[-1] == "title: unknown argument; allowed are id, reason"


class Forgetful(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    """Forgets what every form does."""

    class Meta:
        model = Task
        fields = ("number", "title")

    def clean(self) -> None:
        """Do nothing, not even what Django does."""


def test_unique_values_are_asked_for_whatever_the_form_does() -> None:
    task(1)
    other = task(2)
    server = tasks(form=Forgetful, writable_fields=())
    words = refusal(server, "update_task", id=other.pk, number=1)
    assert words == "Task with this Team and Number already exists."


class Own(Ours):
    """Has a form for each caller."""

    def get_form_class(self, context: Any) -> Any:
        return forms.modelform_factory(Task, fields=["title"])


def test_a_hook_gives_each_caller_a_form() -> None:
    made = task()
    call(tasks(Own), "update_task", id=made.pk, title="x")
    words = refusal(tasks(Own), "update_task", id=made.pk, number=2)
    assert words == "number: unknown argument; allowed are id, title"


# -- what errors may name --------------------------------------------------


def test_rules_are_held_against_what_was_not_sent() -> None:
    task(1)
    other = task(2, slug="s")
    words = refusal(tasks(), "update_task", id=other.pk, number=1)
    assert words == "Task with this Team and Number already exists."
    words = refusal(tasks(), "update_task", id=task(3).pk, slug="s")
    assert words == "slug: Task with this Slug already exists."


def test_errors_name_only_what_may_be_known() -> None:
    fields = {"fields": ["id", "title", "number"], "writable_fields": ["number"]}
    task(1)
    other = task(2)
    words = refusal(tasks(**fields), "update_task", id=other.pk, number=1)
    assert words == "Another task has the same number."


def test_a_models_words_about_other_fields_name_them_only_if_they_are_known() -> None:
    made = task(ends="2026-01-01T00:00:00Z")
    later = "2027-01-01T00:00:00Z"
    words = refusal(tasks(), "update_task", id=made.pk, begins=later)
    assert words == "ends: It ends before it begins."
    fields = {"writable_fields": ["begins"]}
    words = refusal(tasks(**fields), "update_task", id=made.pk, begins=later)
    assert words == "A rule about these values does not hold."


def test_names_of_rules_stay_in_the_database() -> None:
    made = task()
    words = refusal(tasks(), "update_task", id=made.pk, remark="forbidden")
    assert words == "A rule about these values does not hold."
