"""Every example of the page about views runs, and what it makes can be served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.generic import ListView
from pydantic import BaseModel

from django_mcp import MCPServer
from tests.testapp import pages
from tests.testapp.models import Book
from tests.testapp.pages_urls import site

pytestmark = pytest.mark.needs("html")

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto" / "views.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", HOWTO.read_text("utf-8"), re.DOTALL)


class Order(BaseModel):
    title: str


class Filters(BaseModel):
    limit: int = 10


def orders(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


SHOP: Any = [
    path("", pages.BookList.as_view(), name="book-list"),
    path("<int:pk>/edit/", pages.BookUpdate.as_view(), name="book-edit"),
    path("<int:pk>/delete/", pages.BookDelete.as_view(), name="book-delete"),
    path("contact/", pages.contact, name="contact"),
    path("search/", pages.search, name="search"),
    path("report/", pages.report, name="report"),
]
API: Any = [
    path("order/", orders, name="order"),
    path("orders/", orders, name="orders"),
]
SITE = [
    path("shop/", include((SHOP, "shop"))),
    path("api/", include((API, "api"))),
    path("admin/", site.urls),
    path("accounts/profile/", pages.whoami),
    path("accounts/email/", pages.Contact.as_view(), name="account_email"),
]


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: code.splitlines()[0][:40])
def test_an_example_can_be_served(code: str, settings: Any) -> None:
    server = MCPServer("tests")
    names: dict[str, Any] = {
        "mcp": server,
        "login_required": login_required,
        "ListView": ListView,
        "ContactForm": pages.ContactForm,
        "SearchForm": pages.SearchForm,
        "Order": Order,
        "Filters": Filters,
    }
    # The app is called otherwise here.
    code = code.replace("admin:shop_", "admin:testapp_")
    code = code.replace("from django_mcp import mcp", "").replace("...", "return None")
    code = code.replace("(ListView): return None", "(ListView): paginate_by = 5")
    exec(code, names)  # noqa: S102
    routes = [*SITE]
    if "report" in names:
        routes.append(path("reports/<int:year>/", names["report"]))
        names["BookList"].model = Book
        routes.append(path("list/", names["BookList"].as_view()))
    settings.ROOT_URLCONF = tuple(routes)
    server.go_live()
    assert not [mistake.text for mistake in server.declarations.mistakes]
    assert len(server.registry.tools) == code.count("mcp.view")
