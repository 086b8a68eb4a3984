"""The example of the documentation, as it stands there."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ninja")

from django.contrib.auth.models import User
from django.urls import clear_url_caches
from ninja import NinjaAPI

from django_mcp import MCPServer
from tests.providers.ninja.calling import body, browser, refusal_of, tool_of, value_of
from tests.testapp import models

pytestmark = [pytest.mark.needs("ninja"), pytest.mark.django_db]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "ninja.md"
FILES = {"shop/api.py": "shop.api", "urls.py": "shop.urls", "shop/mcp.py": "shop.mcp"}


@pytest.fixture
def example(
    settings: Any, monkeypatch: pytest.MonkeyPatch, server: MCPServer
) -> Iterator[MCPServer]:
    """Run the page's files, as modules of an app that is called shop."""
    monkeypatch.setitem(sys.modules, "shop", types.ModuleType("shop"))
    monkeypatch.setitem(sys.modules, "shop.models", models)
    monkeypatch.setattr("django_mcp.mcp", server)
    code = dict(
        re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    )
    for file, name in FILES.items():
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code[file], file, "exec"), vars(module))  # noqa: S102
    settings.ROOT_URLCONF = "shop.urls"
    yield server
    clear_url_caches()


def lines_of(page: str) -> str:
    """Return every other block of Python, as one module."""
    blocks = re.findall(r"^```python\n(?!# \S+\n)(.*?)^```$", page, re.S | re.M)
    assert len(blocks) == 3
    return "\n".join(blocks)


@pytest.fixture
def book() -> models.Book:
    author = models.Author.objects.create(name="Ada")
    return models.Book.objects.create(title="Notes", author=author, stock=3)


def test_the_example_works(example: MCPServer, book: models.Book) -> None:
    notes = {"id": book.pk, "title": "Notes", "stock": 3}
    assert value_of(example, "list_books") == [notes]
    assert value_of(example, "list_books", {"title": "Other"}) == []
    user = User.objects.create_user("ada")
    one = {"book_id": book.pk}
    assert value_of(example, "get_book", one, user=user) == notes
    assert body(browser(user).get(f"/api/books/{book.pk}")) == notes
    assert "permission" in refusal_of(example, "get_book", one)
    assert set(tool_of(example, "list_books").input_schema["properties"]) == {
        "title",
        "stock",
    }


def test_it_writes_where_it_is_said(example: MCPServer, book: models.Book) -> None:
    example.ninja(sys.modules["shop.api"].api, operations=["deliver"])
    sent = {"book_id": book.pk, "copies": 2}
    assert "permission" in refusal_of(example, "deliver", sent)
    staff = User(username="staff", is_staff=True)
    assert value_of(example, "deliver", sent, user=staff)["stock"] == 5


def test_every_other_line_of_the_page_works(
    example: MCPServer, book: models.Book
) -> None:
    server, first, second = RecordingServer("lines"), NinjaAPI(), NinjaAPI()
    known = {"mcp": server, "api": sys.modules["shop.api"].api}
    code = lines_of(PAGE.read_text())
    exec(code, {**known, "first_api": first, "second_api": second})  # noqa: S102
    served = {"list_books", "get_book"}
    assert server.served == [
        {*served, "deliver"},
        {*served, "deliver"},
        served,
        "v1",
        "v2",
    ]


class RecordingServer(MCPServer):
    """Serves each line on a server of its own, and keeps what it served."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.served: list[Any] = []

    def ninja(self, target: Any, /, **options: Any) -> Any:
        if "prefix" in options:  # APIs that the page only names
            self.served.append(options["prefix"])
            return target
        server = MCPServer("line")
        server.ninja(target, **options)
        server.settle()
        assert server.declarations.mistakes == []
        self.served.append({tool.name for tool in server.registry.tools})
        return target
