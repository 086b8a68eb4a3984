"""A project's own FilterSet as the argument ``filter``, within what is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django import forms

from django_mcp import MCPServer
from tests.providers.models.asking import (
    Open,
    call,
    person,
    refusal,
    result_of,
    server_with,
)
from tests.providers.models.test_filters import NASTY
from tests.testapp.models import Author, Book, Item, Label, Maker

django_filters: Any = pytest.importorskip(
    "django_filters", reason="needs the extra 'filter'"
)

pytestmark = pytest.mark.django_db


class NumberIn(
    django_filters.BaseInFilter,  # type: ignore[misc]
    django_filters.NumberFilter,  # type: ignore[misc]
):
    """As the manual of django-filter has it."""


class ItemFilters(django_filters.FilterSet):  # type: ignore[misc]
    """One filter of every sort."""

    called = django_filters.CharFilter(field_name="name", lookup_expr="icontains")
    costs = django_filters.RangeFilter(field_name="price")
    made = django_filters.DateFromToRangeFilter(field_name="made_on")
    sizes = django_filters.MultipleChoiceFilter(
        field_name="size", choices=Item.Size.choices
    )
    counts = NumberIn(field_name="count", lookup_expr="in")
    by = django_filters.CharFilter(field_name="maker__name", help_text="Whose.")
    not_by = django_filters.CharFilter(field_name="maker__name", exclude=True)
    sort = django_filters.OrderingFilter(fields=["secret"])

    class Meta:
        model = Item
        fields = {
            "size": ["exact"],
            "price": ["exact", "gte", "range"],
            "weight": ["gt"],
            "active": ["exact"],
            "made_on": ["exact", "year", "year__gte"],
            "seen_at": ["gte", "date"],
            "opens": ["exact"],
            "lasts": ["exact"],
            "code": ["exact"],
            "address": ["exact"],
            "maker": ["exact", "in", "isnull"],
            "rival": ["exact"],
            "labels": ["exact"],
        }


COLUMNS = [
    "id", "name", "size", "count", "price", "weight", "active", "made_on", "seen_at",
    "opens", "lasts", "code", "address", "maker", "rival", "maker__name",
    {"labels": ["id", "name"]},
]  # fmt: skip
ITEMS: dict[str, Any] = {
    "fields": COLUMNS,
    "filterset_class": ItemFilters,
}


class Makers(Open):
    """Hides some makers."""

    fields = ("id", "name")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


class Labels(Open):
    """Hides some labels."""

    fields = ("id", "name")

    def get_queryset(self, context: Any) -> Any:
        return super().get_queryset(context).filter(hidden=False)


@pytest.fixture
def server() -> MCPServer:
    return server_with((Item, ITEMS))


@pytest.fixture
def item() -> Item:
    maker = Maker.objects.create(name="M")
    item = Item.objects.create(
        name="Hammer",
        maker=maker,
        rival=maker,
        size=2,
        count=2**62,
        price=Decimal("12.50"),
        weight=1.5,
        active=True,
        made_on=date(2024, 2, 29),
        seen_at=datetime(2024, 2, 29, 18, tzinfo=UTC),
        opens="08:30",
        lasts=timedelta(hours=5),
        code=UUID(int=7),
        address="::1",
    )
    item.labels.add(Label.objects.create(name="red"), Label.objects.create(name="big"))
    Item.objects.create(name="Other")
    return item


def filters(server: MCPServer, tool: str = "list_items") -> Any:
    """Return the schemas of the filters."""
    found = server.registry.tools.peek(tool)
    assert found is not None
    return found.input_schema["properties"]["filter"]["properties"]


def test_the_fields_of_a_form_are_typed(server: MCPServer) -> None:
    found = filters(server)
    number = {"type": "number"}
    day = {"type": "string", "format": "date"}
    assert found["called"] == {"type": "string"}
    assert found["by"] == {"type": "string", "description": "Whose."}
    assert found["costs"]["properties"] == {"min": number, "max": number}
    assert found["made"]["properties"] == {"after": day, "before": day}
    assert found["size"] == {"enum": [1, 2]}
    assert found["sizes"]["items"] == {"enum": [1, 2]}
    assert found["counts"]["items"] == {"type": "integer"}
    assert found["price__range"]["minItems"] == found["price__range"]["maxItems"] == 2
    assert found["made_on__year"] == {"type": "integer"}
    assert found["seen_at__gte"]["format"] == "date-time"
    assert found["seen_at__date"]["format"] == "date"
    assert found["maker"] == {"type": "integer"}
    assert found["maker__in"]["items"] == {"type": "integer"}
    assert found["maker__isnull"] == found["active"] == {"type": "boolean"}
    assert found["rival"] == {"type": "string"}
    assert found["labels"]["items"] == {"type": "integer"}
    assert "sort" not in found
    assert filters(server, "aggregate_items") == found


@pytest.mark.parametrize(
    "asked",
    [
        {"called": "ham"},
        {"costs": {"min": 12, "max": "12.5"}},
        {"costs": {"max": 13}},
        {"made": {"after": "2024-02-29", "before": "2024-02-29"}},
        {"size": 2},
        {"sizes": [2]},
        {"counts": [2**62, 5]},
        {"price": 12.5},
        {"price": "12.50", "price__gte": 1},
        {"price__range": [12, 13]},
        {"weight__gt": 1},
        {"active": True},
        {"made_on": "2024-02-29"},
        {"made_on__year": 2024},
        {"made_on__year__gte": 2024},
        {"seen_at__gte": "2024-02-29T17:00:00Z"},
        {"seen_at__date": "2024-02-29"},
        {"opens": "08:30"},
        {"lasts": "PT5H"},
        {"code": str(UUID(int=7))},
        {"address": "::1"},
        {"by": "M"},
        {"maker__isnull": False},
        {"rival": "M"},
        '{"called": "ham"}',
    ],
)
def test_a_filter_finds_its_row_once(server: MCPServer, item: Item, asked: Any) -> None:
    page = call(server, "list_items", filter=asked, total=True)
    assert [row["id"] for row in page["rows"]] == [item.pk]
    assert page["total"] == 1
    assert call(server, "aggregate_items", filter=asked) == {"count(*)": 1}


def test_keys_find_their_rows_once(server: MCPServer, item: Item) -> None:
    labels = list(item.labels.values_list("pk", flat=True))
    for asked in (
        {"maker": item.maker_id},
        {"maker__in": [item.maker_id]},
        {"labels": labels},
    ):
        assert call(server, "aggregate_items", filter=asked) == {"count(*)": 1}


@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:30])
def test_no_value_makes_a_query_fail(server: MCPServer, item: Item, value: Any) -> None:
    for name in filters(server):
        values = [value, [value], [value, value]]
        values += [{"min": value}, {"after": value, "before": value}]
        for one in values:
            result = result_of(server, "list_items", {"filter": {name: one}})
            text = result["content"][0]["text"]
            if result.get("isError"):
                assert text.startswith(f"filter.{name}") or name in text
                assert len(text) < 600


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"secret": "x"},
            "filter: secret is no field to filter by; allowed are size, ",
        ),
        ({"costs": {"least": 1}}, "filter: costs has no lookup least; allowed are min"),
        ({"price": "x"}, "filter.price: "),
        ({"price__range": [1]}, "filter.price__range: "),
        ({"made_on__year": 99999}, "filter.made_on__year: should be at most 9998"),
        ({"maker": 10**9}, "filter.maker: is none of the choices"),
        ({"maker__in": [10**9]}, "filter.maker__in: is none of the choices"),
        ({"labels": [10**9]}, "filter.labels: is none of the choices"),
        ({"size": 3}, "filter.size: should be 1 or 2"),
        ({"called": " "}, "filter.called: should not be empty"),
        ({"sizes": []}, "filter.sizes: "),
        (5, "filter: should be an object"),
    ],
)
def test_a_refusal_says_what_is_allowed(
    server: MCPServer, item: Item, asked: Any, words: str
) -> None:
    assert refusal(server, "list_items", filter=asked).startswith(words)


def test_rules_of_the_form_are_kept(item: Item) -> None:
    class Form(forms.Form):
        def clean(self) -> Any:
            if self.cleaned_data.get("called") == "nobody":
                self.add_error("called", "Nobody is called that.")
            if self.cleaned_data.get("called") == "all":
                raise forms.ValidationError("That is too much.")
            return self.cleaned_data

    class Strict(ItemFilters):
        class Meta(ItemFilters.Meta):
            form = Form

    server = server_with((Item, {**ITEMS, "filterset_class": Strict}))
    text = refusal(server, "list_items", filter={"called": "nobody"})
    assert text == "filter.called: Nobody is called that."
    text = refusal(server, "list_items", filter={"called": "all"})
    assert text == "filter: That is too much."


# -- what is listed --------------------------------------------------------


class Unlisted(django_filters.FilterSet):  # type: ignore[misc]
    """Asks more than is listed."""

    secret = django_filters.CharFilter()
    token = django_filters.CharFilter(field_name="maker__api_token")
    sly = django_filters.CharFilter(field_name="maker", lookup_expr="api_token")
    chosen = django_filters.ModelChoiceFilter(
        field_name="maker", queryset=Maker.objects.all(), to_field_name="api_token"
    )
    several = django_filters.ModelMultipleChoiceFilter(
        field_name="maker", queryset=Maker.objects.all(), to_field_name="api_token"
    )
    rival = django_filters.ModelChoiceFilter(queryset=Maker.objects.all())
    code = django_filters.CharFilter(field_name="name", method="by_code")
    names = django_filters.AllValuesFilter(field_name="name")
    month = django_filters.CharFilter(field_name="name", lookup_expr="month")
    pattern = django_filters.CharFilter(field_name="name", lookup_expr="regex")

    def by_code(self, rows: Any, name: str, value: str) -> Any:
        """Filter by a rule of its own, and by who asks."""
        return rows.filter(secret=value, name=self.request.user.username)


class Own(django_filters.CharFilter):  # type: ignore[misc]
    """Filters as it likes."""

    def filter(self, rows: Any, value: Any) -> Any:
        return rows.filter(secret=value) if value else rows


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("secret", "is not over a listed field"),
        ("token", "is not over a listed field"),
        ("sly", "is not over a listed field"),
        ("chosen", "is not over a listed field"),
        ("several", "is not over a listed field"),
        # It would be chosen by its key, and the name is what is listed.
        ("rival", "is not over a listed field"),
        ("code", "filters by code of its own"),
        ("names", "has the values of all rows as choices"),
        ("month", "asks month of a field that has no such lookup"),
        ("pattern", "takes a regular expression"),
    ],
)
def test_filters_over_what_is_not_listed_are_mistakes(name: str, words: str) -> None:
    one = type("One", (Unlisted,), {})
    one.base_filters = {name: Unlisted.base_filters[name]}  # type: ignore[attr-defined]
    attributes: dict[str, Any] = {"fields": ["id", "name", "maker", "rival"]}
    attributes |= {"filterset_class": one}
    toolset = server_with((Item, attributes)).toolsets[Item]
    [problem] = toolset.problems
    assert (problem.id, toolset.serves) == ("django_mcp.E012", False)
    assert problem.text == f"filterset_class: {name!r} {words}."
    attributes["allow_filters"] = [name]
    toolset = server_with((Item, attributes)).toolsets[Item]
    [problem] = toolset.problems
    expected = "E012" if name == "pattern" else "W007"
    assert problem.id == f"django_mcp.{expected}"


def test_choices_of_all_values_are_not_told(item: Item) -> None:
    class Filters(django_filters.FilterSet):  # type: ignore[misc]
        name = django_filters.AllValuesFilter()
        names = django_filters.AllValuesMultipleFilter(field_name="name")

    attributes = {"filterset_class": Filters, "allow_filters": ["name", "names"]}
    server = server_with((Item, {"fields": ["id", "name"], **attributes}))
    assert filters(server)["name"] == {"type": "string"}
    assert filters(server)["names"]["items"] == {"type": "string"}
    both: tuple[Any, ...] = ({"name": "Hammer"}, {"names": ["Hammer", "Other"]})
    for number, asked in enumerate(both, 1):
        found = call(server, "aggregate_items", filter=asked)
        assert found == {"count(*)": number}


def test_a_filter_of_ones_own_must_be_named() -> None:
    class Filters(django_filters.FilterSet):  # type: ignore[misc]
        name = Own()
        pick = django_filters.LookupChoiceFilter(
            field_name="id", lookup_choices=["exact", "regex"]
        )

    attributes = {"fields": ["id", "name"], "filterset_class": Filters}
    toolset = server_with((Item, attributes)).toolsets[Item]
    assert [problem.text for problem in toolset.problems] == [
        "filterset_class: 'name' filters by code of its own.",
        "filterset_class: 'pick' takes a lookup that clients choose.",
    ]


def test_code_of_a_project_knows_who_asks(item: Item) -> None:
    one = type("One", (Unlisted,), {})
    one.base_filters = {"code": Unlisted.base_filters["code"]}  # type: ignore[attr-defined]
    attributes = {"filterset_class": one, "allow_filters": ["code"]}
    server = server_with((Item, {"fields": ["id"], **attributes}))
    Item.objects.update(secret="s")
    arguments = {"filter": {"code": "s"}}
    user = person("Hammer")
    assert call(server, "aggregate_items", arguments, user) == {"count(*)": 1}
    assert call(server, "aggregate_items", arguments) == {"count(*)": 0}


@pytest.mark.parametrize(
    "attributes",
    [
        {"filterset_class": object},
        {"filterset_class": ItemFilters},
        {
            "filterset_class": django_filters.filterset.filterset_factory(
                Book, fields=["title"]
            ),
            "filter_fields": ["title"],
        },
    ],
)
def test_mistakes_are_told(attributes: Any) -> None:
    server = server_with((Book, {"fields": ["id", "title"], **attributes}))
    assert [one.id for one in server.toolsets[Book].problems] == ["django_mcp.E012"]


def test_a_caller_with_fewer_fields_has_fewer_filters(item: Item) -> None:
    class Items(Open):
        fields = ("id", "name", "price")
        filterset_class = django_filters.filterset.filterset_factory(
            Item, fields=["name", "price"]
        )

        def get_fields(self, context: Any) -> Any:
            return self.fields if context.user.is_authenticated else ("id", "name")

    server = server_with((Item, Items))
    arguments = {"filter": {"price": 12.5}}
    user = person("someone")
    assert call(server, "aggregate_items", arguments, user) == {"count(*)": 1}
    text = refusal(server, "aggregate_items", arguments)
    assert text == "filter: price is no field to filter by; allowed are name"


def test_callers_with_sets_of_one_name_have_each_their_own() -> None:
    make = django_filters.filterset.filterset_factory
    named, priced = make(Item, fields=["name"]), make(Item, fields=["price"])

    class Items(Open):
        fields = ("id", "name", "price")
        filterset_class = named

        def get_filterset_class(self, context: Any) -> Any:
            return priced if context.user.is_authenticated else named

    server = server_with((Item, Items))
    arguments = {"filter": {"price": 1}}
    assert call(server, "aggregate_items", arguments, person("someone"))
    text = refusal(server, "aggregate_items", arguments)
    assert text == "filter: price is no field to filter by; allowed are name"


# -- what is hidden --------------------------------------------------------


def test_a_set_filters_the_rows_of_the_door(item: Item) -> None:
    class Everything(django_filters.FilterSet):  # type: ignore[misc]
        name = django_filters.CharFilter(method="all_of_them")

        def all_of_them(self, rows: Any, name: str, value: str) -> Any:
            return Item.objects.all()

    class Items(Open):
        fields = ("id", "name")
        filterset_class = Everything
        allow_filters = ("name",)

        def get_queryset(self, context: Any) -> Any:
            return super().get_queryset(context).filter(name="Other")

    server = server_with((Item, Items))
    [row] = call(server, "list_items", filter={"name": "Hammer"})["rows"]
    assert row["name"] == "Other"


def test_filters_tell_nothing_of_hidden_rows(item: Item) -> None:
    server = server_with((Item, ITEMS), (Maker, Makers), (Label, Labels))
    assert item.maker is not None
    key = item.maker_id

    def count(asked: Any) -> Any:
        return call(server, "aggregate_items", filter=asked)["count(*)"]

    assert [count({"by": "M"}), count({"maker": key}), count({"rival": "M"})] == [1] * 3
    assert count({"maker__isnull": False}) == 1
    Maker.objects.update(hidden=True)
    assert count({"by": "M"}) == count({"not_by": "X"}) == count({"not_by": "M"}) == 0
    assert count({"maker__isnull": False}) == 0
    hidden = refusal(server, "list_items", filter={"maker": key})
    assert hidden == refusal(server, "list_items", filter={"maker": 10**9})
    hidden = refusal(server, "list_items", filter={"rival": "M"})
    assert hidden == refusal(server, "list_items", filter={"rival": "nobody"})


def test_of_several_related_rows_hidden_ones_are_not_asked_about(item: Item) -> None:
    server = server_with((Item, ITEMS), (Label, Labels))
    label = item.labels.first()
    assert label is not None
    words = "filter.labels: cannot be asked of rows that may be hidden"
    assert refusal(server, "list_items", filter={"labels": [label.pk]}) == words


def test_the_filters_of_one_set_serve_pages(item: Item) -> None:
    author = Author.objects.create(name="Ann")
    for number in range(3):
        Book.objects.create(title=f"T{number}", author=author, price=number)
    books = django_filters.filterset.filterset_factory(
        Book, fields={"price": ["gte"], "format": ["exact"]}
    )
    attributes = {"fields": ["title", "price", "format"], "filterset_class": books}
    server = server_with((Book, {**attributes, "ordering": ["title"]}))
    arguments: dict[str, Any] = {"filter": {"price__gte": 1}, "limit": 1}
    page = call(server, "list_books", arguments)
    rest = call(server, "list_books", arguments, cursor=page["next_cursor"])
    assert [row["title"] for row in rest["rows"]] == ["T2"]
    assert "next_cursor" not in rest
