"""Every word must be found somewhere; or a language's rules decide."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer
from tests.providers.models.asking import Open, call, refusal, server_with
from tests.testapp.models import Item, Label, Maker

pytestmark = pytest.mark.django_db

SEARCHED: dict[str, Any] = {
    "fields": ["name", "text", "maker__name", {"labels": ["name"]}],
    "search_fields": ["name", "text", "maker__name", "labels__name"],
    "ordering": ["name"],
}


@pytest.fixture
def items() -> None:
    maker = Maker.objects.create(name="Acme", hidden=True)
    for name, text in (("anvil", "falls running"), ("rope", "runs 100% well")):
        item = Item.objects.create(name=name, text=text, maker=maker)
        item.labels.add(*(Label.objects.create(name=f"tool {n}") for n in "ab"))


def found(server: MCPServer, words: str, **more: Any) -> list[str]:
    page = call(server, "list_items", search=words, **more)
    return [row["name"] for row in page["rows"]]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("anvil", ["anvil"]),
        ("acme", ["anvil", "rope"]),
        ("acme falls", ["anvil"]),
        ("tool", ["anvil", "rope"]),
        ("tool nothing", []),
        ("100%", ["rope"]),
        ("%", ["rope"]),
        ("_", []),
        ("", ["anvil", "rope"]),
        ("   ", ["anvil", "rope"]),
    ],
)
def test_each_word_is_found_somewhere(
    items: None, words: str, names: list[str]
) -> None:
    server = server_with((Item, SEARCHED))
    assert found(server, words) == names
    assert call(server, "list_items", search=words, total=True)["total"] == len(names)


def test_words_that_are_too_long_are_refused(items: None) -> None:
    server = server_with((Item, SEARCHED))
    assert refusal(server, "list_items", search="x" * 201).startswith("search: ")


def test_fulltext_is_plain_words_elsewhere(items: None) -> None:
    server = server_with((Item, {**SEARCHED, "search": "fulltext"}))
    assert found(server, "anvil") == ["anvil"]


class Makers(Open):
    """Hides every maker there is here."""

    fields = ("id",)

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


@pytest.mark.postgres
def test_fulltext_follows_a_language(items: None) -> None:
    options = {**SEARCHED, "search": "fulltext", "search_config": "english"}
    for fields in (["name", "text", "maker__name"], options["search_fields"]):
        server = server_with((Item, {**options, "search_fields": fields}))
        assert found(server, "run") == ["anvil", "rope"]
        assert found(server, '"runs 100%" -falls') == ["rope"]
        assert found(server, "acme") == ["anvil", "rope"]
        page = call(server, "list_items", search="run", limit=1, total=True)
        assert page["total"] == 2
        assert found(server, "run", cursor=page["next_cursor"], limit=1) == ["rope"]
        guarded = server_with(
            (Item, {**options, "search_fields": fields}), (Maker, Makers)
        )
        assert found(guarded, "acme") == []
        assert found(guarded, "anvil") == ["anvil"]
