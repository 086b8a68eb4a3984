"""One form, as the arguments of a tool and asked of a person, in every era."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import pytest
from django import forms

from django_mcp import Context, MCPServer
from django_mcp.methods.asking import MAX_ROUNDS
from tests.wire import STATELESS, Client, Named

pytestmark = pytest.mark.django_db(transaction=True)


class BookingForm(forms.Form):
    """Book a table."""

    room = forms.ChoiceField(label="Which room?", choices=[("r", "Red"), ("b", "Blue")])
    seats = forms.DecimalField(localize=True, max_value=9, help_text="Half ones too")
    at = forms.SplitDateTimeField()
    token = forms.CharField(widget=forms.HiddenInput, initial="t")

    def clean(self) -> None:
        if self.cleaned_data.get("seats") == 9 and self.cleaned_data.get("room") == "r":
            raise forms.ValidationError("The red room is too small.")


GOOD = {"room": "b", "seats": 1.5, "at": "2026-03-04T05:06:07Z"}
WRONG = [
    ({**GOOD, "room": "r", "seats": 9}, "The red room is too small."),
    ({**GOOD, "seats": 10}, "seats: Ensure this value is less than or equal to 9."),
    ({**GOOD, "at": ""}, "at: "),
]
DONE = "b 1.5 t 2026-03-04 05:06:07+00:00"


def told(data: dict[str, Any]) -> str:
    """Say what was booked."""
    moment = data["at"].astimezone(UTC)
    return f"{data['room']} {data['seats']} {data['token']} {moment}"


@pytest.fixture
def app() -> Any:
    server = MCPServer("forms", authenticators=[Named()])
    server.form_tool(BookingForm, lambda cleaned_data: told(cleaned_data), name="book")

    @server.tool(read_only=True)
    def ask(context: Context) -> str:
        """Ask for it."""
        return told(context.elicit("Book?", BookingForm, key="form").value)

    @server.tool(read_only=True)
    async def aask(context: Context) -> str:
        """Ask for it, later."""
        return told((await context.aelicit("Book?", BookingForm, key="form")).value)

    return server.asgi


async def conversation(
    app: Any, revision: str, tool: str, answers: Iterable[Any]
) -> tuple[list[Any], Any]:
    """Return what was asked, and the end of the call."""
    client = Client(app, revision, capabilities={"elicitation": {}})
    replies = ({"action": "accept", "content": content} for content in answers)
    asked: list[Any] = []
    if revision == STATELESS:
        answer = await client.call(tool)
        while "inputRequests" in (answer.body.get("result") or {}):
            asked.append(answer.result["inputRequests"]["form"]["params"])
            answer = await client.call(
                tool,
                requestState=answer.result["requestState"],
                inputResponses={"form": next(replies)},
            )
        return asked, answer.body
    await client.open()
    async with client.visit(client.message("tools/call", {"name": tool})) as visit:
        async for found in visit.messages():
            if "method" not in found:
                return asked, found
            asked.append(found["params"])
            assert await client.reply(found, next(replies)) == 202
    raise AssertionError("The call was not answered.")


ERAS = pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25", STATELESS])


@ERAS
@pytest.mark.parametrize("tool", ["ask", "aask"])
async def test_a_wrong_answer_is_asked_again_in_the_forms_own_words(
    app: Any, revision: str, tool: str
) -> None:
    wrong = [content for content, _ in WRONG]
    asked, end = await conversation(app, revision, tool, [*wrong, GOOD])
    assert end["result"]["content"][0]["text"] == DONE
    assert asked[0]["message"] == "Book?"
    for again, (_, words) in zip(asked[1:], WRONG, strict=True):
        assert again["message"].startswith(words)
        assert again["message"].endswith("\n\nBook?")
        assert again["requestedSchema"] == asked[0]["requestedSchema"]
    seats = asked[0]["requestedSchema"]["properties"]["seats"]
    assert seats["maximum"] == 9
    assert seats["description"] == "Half ones too"


@ERAS
async def test_nobody_is_asked_forever(app: Any, revision: str) -> None:
    wrong = itertools.repeat(WRONG[0][0])
    asked, end = await conversation(app, revision, "ask", wrong)
    assert len(asked) <= MAX_ROUNDS + 1
    assert end["error"]["code"] == -32602


@ERAS
async def test_the_same_values_as_arguments_give_the_same(
    app: Any, revision: str
) -> None:
    client = await Client(app, revision).open()
    assert (await client.call("book", GOOD)).text == DONE
    for content, words in WRONG[:2]:
        assert (await client.call("book", content)).text.startswith(words)
