"""The examples of the documentation do what it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp import MCPServer
from tests.providers.drf.calling import names, run, said
from tests.testapp import drf_api
from tests.testapp.drf_urls import router

pytestmark = [pytest.mark.django_db, pytest.mark.needs("drf")]

EVERYTHING = ("create", "destroy", "list", "partial_update", "retrieve", "update")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "drf.md"


def test_the_quickstart_runs(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    found = re.search(
        r"# quickstart\.py\n(.*?)^```$", PAGE.read_text("utf-8"), re.S | re.M
    )
    assert found is not None
    module: Any = ModuleType("quickstart")
    monkeypatch.setitem(sys.modules, "quickstart", module)
    exec(compile(found[1], "quickstart.py", "exec"), vars(module))  # noqa: S102
    settings.ROOT_URLCONF = "quickstart"
    server = module.server
    server.go_live()
    assert names(server) == [
        "group_create", "group_list", "group_retrieve", "user_list", "user_retrieve",
    ]  # fmt: skip
    alice = User.objects.create_user("alice")
    made = run(server, "group_create", alice, name="clerks")
    address = f"http://testserver/groups/{Group.objects.get().pk}/"
    assert made == {"url": address, "name": "clerks"}
    assert run(server, "group_list", alice) == [made]
    assert said(server, "user_list") == (
        "Authentication credentials were not provided."
    )


class Books(drf_api.BookViewSet):
    """What the page calls ``BookViewSet``."""

    @action(detail=True, methods=["post"])
    def rate(self, request: Any, pk: Any = None) -> Response:
        return Response({"stars": request.data["stars"]})

    @action(detail=False)
    def recent(self, request: Any) -> Response:
        return Response({"days": request.query_params.get("days")})


class Stock(APIView):
    def get(self, request: Any) -> Response:
        return Response({})

    def post(self, request: Any) -> Response:
        return Response({})


class Days(serializers.Serializer):
    days = serializers.IntegerField()


@pytest.mark.urls("tests.testapp.drf_urls")
@pytest.mark.parametrize(
    ("place", "served"),
    [
        (0, ["book_list", "book_retrieve"]),
        (
            1,
            [
                "book_create", "book_list", "book_retrieve", "book_set_price",
                *(f"task_{name}" for name in EVERYTHING),
            ],
        ),
        (
            2,
            [
                "book_list", "group_list", "group_retrieve", "secret", "stock",
                "stock_post", "user_list", "user_retrieve",
            ],
        ),
        (3, ["book_rate", "book_recent"]),
    ],
)  # fmt: skip
def test_the_short_examples_run(
    place: int, served: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MCPServer("tests")
    monkeypatch.setattr("django_mcp.mcp", server)
    for name, known in {
        "shop": {},
        "shop.api": {"BookViewSet": Books},
        "shop.urls": {"router": router},
    }.items():
        module = ModuleType(name)
        vars(module).update(known)
        monkeypatch.setitem(sys.modules, name, module)
    names_there = {
        "mcp": server, "BookViewSet": Books, "OrderViewSet": drf_api.TaskViewSet,
        "StockView": Stock, "opening_hours": drf_api.secret, "DaysSerializer": Days,
        "serializers": serializers,
    }  # fmt: skip
    example = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.S | re.M
    )
    exec(compile(example[place], "example", "exec"), names_there)  # noqa: S102
    server.go_live()
    assert [one.text for one in server.declarations.mistakes if one.is_error] == []
    assert names(server) == served
