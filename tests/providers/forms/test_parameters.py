"""Forms as parameters of functions, beside other arguments."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured

from django_mcp import Context, MCPServer
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members
from tests.providers.models.asking import call, refusal

pytestmark = pytest.mark.django_db


class TableForm(forms.Form):
    seats = forms.IntegerField(max_value=8)
    name = forms.CharField(required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("seats") == 7:
            raise forms.ValidationError("Seven is unlucky.")


class Mine(forms.Form):
    kind = forms.ChoiceField()

    def __init__(self, *args: Any, kinds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


Tables = forms.formset_factory(TableForm)


def server_with(function: Any, **options: Any) -> MCPServer:
    """Return a server with one tool."""
    server = MCPServer("tests")
    server.tool(function, name="book", **options)
    return server


def book(loud: bool, form: Annotated[TableForm, "The table."], context: Context) -> Any:
    """Book a table."""
    seats = form.cleaned_data["seats"]
    return {"seats": seats, "loud": loud, "bound": form.is_bound}


def test_the_schema_has_the_form_among_the_arguments_in_their_order() -> None:
    tool: Any = server_with(book).registry.tools.peek("book")
    assert tool.input_schema == {
        "type": "object",
        "properties": {
            "loud": {"type": "boolean"},
            "form": {
                "type": "object",
                "properties": {
                    "seats": {"type": "integer", "maximum": 8},
                    "name": {"type": "string"},
                },
                "required": ["seats"],
                "additionalProperties": False,
                "description": "The table.",
            },
        },
        "required": ["loud", "form"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("form", [{"seats": 4}, '{"seats": 4}'])
def test_the_function_gets_the_valid_form(form: Any) -> None:
    found = call(server_with(book), "book", loud=True, form=form)
    assert found == {"seats": 4, "loud": True, "bound": True}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"loud": True}, "form: field required"),
        ({"loud": True, "form": None}, "form: field required"),
        ({"loud": True, "form": 4}, "form: should be an object"),
        ({"form": {"seats": 4}}, "loud: field required"),
        ({"loud": True, "form": {}}, "form.seats: This field is required."),
        ({"loud": True, "form": {"seats": 7}}, "form: Seven is unlucky."),
        (
            {"loud": True, "form": {"seats": 9}},
            "form.seats: Ensure this value is less than or equal to 8.",
        ),
        (
            {"loud": True, "form": {"seats": 4, "x": 1}},
            "form.x: unknown argument; allowed are seats, name",
        ),
    ],
)
def test_errors_say_where_in_the_form(arguments: Any, words: str) -> None:
    assert refusal(server_with(book), "book", arguments) == words


async def test_an_async_function_takes_a_form_too() -> None:
    async def book(form: TableForm) -> dict[str, Any]:
        return form.cleaned_data

    server = server_with(book)
    event = asked("tools/call", {"name": "book", "arguments": {"form": {"seats": 2}}})
    result = await call_tool(server, event, context_for(server, event))  # type: ignore[misc]
    text = members(result)["content"][0]["text"]
    assert json.loads(text) == {"seats": 2, "name": ""}


def test_a_set_of_forms_is_a_parameter_too() -> None:
    def book(tables: Tables) -> Any:  # type: ignore[valid-type]
        return [form.cleaned_data["seats"] for form in tables]  # type: ignore[attr-defined]

    server = server_with(book)
    assert call(server, "book", tables={"rows": [{"seats": 1}, {"seats": 2}]}) == [1, 2]
    words = refusal(server, "book", tables={"rows": [{"seats": 9}]})
    assert words.startswith("tables.rows[0].seats: ")


def test_forms_are_made_for_the_caller() -> None:
    def book(form: Mine) -> Any:
        return form.cleaned_data

    server = server_with(
        book, form_kwargs=lambda context: {"kinds": [(str(context.user), "Me")]}
    )
    assert call(server, "book", form={"kind": "AnonymousUser"})
    words = refusal(server, "book", form={"kind": "Bob"})
    assert words == "form.kind: should be one of AnonymousUser"


def test_a_form_has_no_default() -> None:
    def book(form: TableForm = TableForm()) -> None: ...  # noqa: B008

    with pytest.raises(ImproperlyConfigured, match="book, form: a form has no default"):
        server_with(book)
