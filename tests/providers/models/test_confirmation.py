"""The person is asked before, in words that say what will happen."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from tests.providers.models.asking import refusal, result_of
from tests.providers.models.writing import (
    NO,
    YES,
    Anybody,
    answered,
    task,
    tasks,
    team,
)
from tests.testapp.models import Author, Task
from tests.wire import STATELESS, Client

pytestmark = pytest.mark.django_db


def test_nothing_happens_before_the_person_agrees() -> None:
    made = task()
    server = tasks(confirm=True)
    change = {"id": made.pk, "title": "new", "due": None}
    result, [asked] = answered(server, "update_task", change, NO)
    assert result["isError"]
    words = "The person did not agree. Nothing was done."
    assert result["content"][0]["text"] == words
    assert asked.splitlines() == [
        "Change this task?",
        f"- id: {made.pk}, team: {made.team_id}, number: 1",
        "  to title: new, due: nothing",
    ]
    made.refresh_from_db()
    assert made.title == "task 1"
    result, _ = answered(server, "update_task", change, YES)
    assert not result.get("isError")
    made.refresh_from_db()
    assert made.title == "new"


def test_new_rows_are_told() -> None:
    server = tasks(confirm={"create"}, max_bulk=9)
    rows = [{"team": team().pk, "number": n, "title": "x" * 40} for n in range(7)]
    _, [asked] = answered(server, "create_tasks", {"rows": rows}, YES)
    lines = asked.splitlines()
    assert lines[0] == "Add 7 tasks?"
    assert lines[1] == f"- team: {team().pk}, number: 0, title: {'x' * 40}"
    assert lines[-1] == "- and 2 more"
    assert Task.objects.count() == 7
    # Only what is named is asked about.
    key = Task.objects.all()[0].pk
    _, questions = answered(server, "delete_tasks", {"rows": [{"id": key}]})
    assert questions == []


def test_who_agreed_to_one_thing_is_asked_about_another() -> None:
    made = task()
    server = tasks(confirm=True)

    def meanwhile() -> Any:
        Task.objects.filter(pk=made.pk).update(number=8)
        return YES

    asking = answered(server, "delete_task", {"id": made.pk}, meanwhile, NO)
    result, questions = asking
    assert result["isError"]
    assert len(questions) == 2
    assert questions[1].endswith("number: 8")
    assert Task.objects.exists()


def test_what_is_wrong_is_refused_without_asking() -> None:
    server = tasks(confirm=True)
    made = task()
    words = refusal(server, "update_task", id=made.pk, title="")
    assert words == "title: This field is required."


def test_who_may_not_see_the_row_hears_its_key_alone() -> None:
    class Hidden(Anybody):
        def has_view_permission(self, context: Any, obj: Any = None) -> bool:
            return False

    made = task()
    server = tasks(Hidden, confirm=True)
    result, [asked] = answered(server, "delete_task", {"id": made.pk}, YES)
    assert asked.splitlines()[1] == f"- id: {made.pk}"
    assert result["content"][0]["text"] == '{"deleted":1}'


def test_a_client_that_cannot_ask_writes_nothing() -> None:
    made = task()
    server = tasks(confirm=True)
    with pytest.raises(Exception, match="capability"):
        result_of(server, "delete_task", {"id": made.pk})
    assert Task.objects.exists()


CREATE: dict[str, Any] = {"name": "create_author", "arguments": {"name": "Ann"}}


def authors(revision: str) -> Client:
    """Return a client of a server that asks before it adds authors."""
    server = MCPServer(authenticators=[AllowAnonymous()])
    fields: dict[str, Any] = {"fields": ["id", "name"], "writable_fields": ["name"]}
    server.register(Author, Anybody, actions=["create"], confirm=True, **fields)
    return Client(server.asgi, revision, capabilities={"elicitation": {}})


@pytest.mark.django_db(transaction=True)
async def test_the_stateless_era_asks_with_the_result() -> None:
    client = authors(STATELESS)
    asked = (await client.ask("tools/call", CREATE)).result
    assert not await Author.objects.aexists()
    [key] = asked["inputRequests"]
    more = {"requestState": asked["requestState"], "inputResponses": {key: YES}}
    await client.ask("tools/call", {**CREATE, **more})
    assert await Author.objects.aexists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25"])
async def test_the_handshake_era_asks_on_the_stream(revision: str) -> None:
    client = await authors(revision).open()
    async with client.visit(client.message("tools/call", CREATE)) as visit:
        question = await visit.message()
        assert question["params"]["message"] == "Add one author?\n- name: Ann"
        assert not await Author.objects.aexists()
        assert await client.reply(question, YES) == 202
        assert "result" in await visit.message()
    assert await Author.objects.aexists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26"])
async def test_revisions_that_cannot_ask_write_nothing(revision: str) -> None:
    client = await authors(revision).open()
    answer = await client.ask("tools/call", CREATE)
    assert answer.result["isError"]
    assert not await Author.objects.aexists()
