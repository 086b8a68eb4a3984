"""What the checks say about toolsets that write."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from django_mcp import MCPServer
from tests.providers.models.test_forms import TaskForm
from tests.providers.models.writing import TASKS, Anybody
from tests.testapp.models import Author, Maker, Task


class AuthorForm(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    class Meta:
        model = Author
        fields = ("name",)


class FileForm(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    proof = forms.FileField()

    class Meta:
        model = Task
        fields = ("title",)


class PasswordForm(forms.ModelForm):  # type: ignore[type-arg]  # only in the stubs
    word = forms.CharField(widget=forms.PasswordInput)

    class Meta:
        model = Task
        fields = ("title",)


def problems(model: Any = Task, /, **given: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a toolset, and look that it is not served."""
    server = MCPServer("tests")
    server.register(model, Anybody, **{**TASKS, **given})
    found = [(one.id, one.text) for one in server.toolsets[model].problems]
    served = server.registry.tools.peek(f"update_{model._meta.model_name}")
    assert bool(served) == (not any(".E" in one for one, _ in found))
    return found


def test_a_good_toolset_has_none() -> None:
    assert problems() == []
    assert problems(form=TaskForm, writable_fields=()) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"writable_fields": ()}, "create and update need writable_fields or a form."),
        ({"writable_fields": "title"}, "writable_fields must be a list."),
        ({"writable_fields": ["nope"]},
         "writable_fields: 'nope' is no field that can be written."),
        ({"writable_fields": ["team__name"]},
         "writable_fields: 'team__name' is no field that can be written."),
        ({"writable_fields": ["updated_at"]},
         "writable_fields: 'updated_at' is no field that can be written."),
        ({"writable_fields": ["comment"]},
         "writable_fields: 'comment' is no field that can be written."),
        ({"writable_fields": ["id"]},
         "writable_fields: 'id' is no field that can be written."),
        ({"writable_fields": ["plan"]},
         "'plan' cannot be sent as an argument: it takes a file, or parts."),
        ({"form": FileForm, "writable_fields": ()},
         "'proof' cannot be sent as an argument: it takes a file, or parts."),
        ({"form": AuthorForm}, "form: AuthorForm is not for testapp.Task."),
        ({"form": forms.Form},
         "form: <class 'django.forms.forms.Form'> is no ModelForm."),
        ({"confirm": ["get"]},
         "confirm must be True, False or some of create, update, delete."),
        ({"confirm": "delete"},
         "confirm must be True, False or some of create, update, delete."),
        ({"version_field": "updated_at"},
         "version_field: 'updated_at' must be listed, and a field of the model."),
        ({"version_field": "title"},
         "version_field: 'title' must be a moment or a number, and never null."),
        ({"version_field": "number"},
         "version_field: 'number' cannot be one of writable_fields."),
    ],
)  # fmt: skip
def test_mistakes_are_named(given: Any, words: str) -> None:
    assert problems(**given) == [("django_mcp.E014", words)]


def test_rows_to_write_must_be_named_and_bounded() -> None:
    found = problems(fields=["title"])
    assert found == [
        ("django_mcp.E013", "get needs 'pk' to be listed, and to be unique.")
    ]
    found = problems(fields=["title"], actions=["update"])
    assert found[0][1].startswith("update needs 'pk'")
    assert problems(max_bulk=0) == [
        ("django_mcp.E013", "max_bulk must be a positive number.")
    ]


def test_secrets_are_written_only_on_purpose() -> None:
    tokens: dict[str, Any] = {
        "fields": ["id", "name"],
        "writable_fields": ["name", "api_token"],
    }
    text = "'api_token' looks like a secret, and can be written."
    hint = "Name it in allow_sensitive if it is none."
    assert problems(Maker, **tokens) == [("django_mcp.E011", f"{text} {hint}")]
    allowed = {**tokens, "allow_sensitive": ["api_token"]}
    assert problems(Maker, **allowed) == [("django_mcp.W006", text)]
    [(number, _)] = problems(form=PasswordForm, writable_fields=())
    assert number == "django_mcp.E011"


def test_who_reads_alone_needs_none_of_it() -> None:
    given: Any = {"actions": ["list"], "writable_fields": (), "confirm": "x"}
    server = MCPServer("tests")
    server.register(Task, Anybody, fields=["id"], **given)
    assert server.toolsets[Task].problems == []
