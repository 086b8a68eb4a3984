"""How a view is found, and what its address takes."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.http import Http404
from django.urls import get_resolver, resolve
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.providers.views.parameters import group_of
from django_mcp.providers.views.routes import (
    all_routes,
    routes_of_name,
    routes_of_path,
    routes_of_view,
)
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.views.calls import called, mistake_of, tool_of
from tests.testapp import pages

KEY = "12345678-1234-5678-1234-567812345678"


def properties(target: Any, **options: Any) -> dict[str, Any]:
    schema = tool_of(target, answer="json", **options).input_schema
    found: dict[str, Any] = schema["properties"]
    return found


def echoed(target: Any, **arguments: Any) -> Any:
    return called(tool_of(target, answer="json"), **arguments).structured["kwargs"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("echo-int", {"number": {"type": "integer", "minimum": 0}}),
        ("echo-uuid", {"key": {"type": "string", "format": "uuid"}}),
        ("echo-year", {"year": {"type": "integer"}}),
    ],
)
def test_a_converter_says_what_it_takes(name: str, schema: Any) -> None:
    assert properties(name) == schema


def test_a_converter_of_ones_own_says_it_by_its_expression() -> None:
    [colour] = properties("echo-colour").values()
    assert colour["pattern"] == "^(?:red|green)$"
    assert echoed("echo-colour", colour="red") == {"colour": "red"}
    with pytest.raises(ArgumentErrors, match="colour: does not fit the address"):
        echoed("echo-colour", colour="blue")


def test_values_arrive_as_the_converters_make_them() -> None:
    tool = tool_of("echo-uuid", answer="json")
    assert called(tool, key=KEY.upper()).structured["types"] == {"key": "UUID"}
    assert echoed("echo-year", year=7) == {"year": "7"}
    assert echoed("echo-path", rest="a/b c/.../%2e") == {"rest": "a/b c/.../%2e"}
    assert echoed("echo-str", text="ä ?#&") == {"text": "ä ?#&"}
    # An address has no types.
    assert echoed("echo-str", text=5) == {"text": "5"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("echo-int", {"number": -1}),
        ("echo-int", {"number": "one"}),
        ("echo-int", {"number": 2**70}),
        ("echo-int", {"number": True}),
        ("echo-int", {}),
        ("echo-int", {"number": 1, "other": 2}),
        ("echo-str", {"text": ""}),
        ("echo-str", {"text": "a/b"}),
        ("echo-str", {"text": "a\x00"}),
        ("echo-str", {"text": "\ud800"}),
        ("echo-uuid", {"key": "no"}),
        ("one:echo", {"slug": "ä"}),
    ],
)
def test_what_does_not_fit_is_named(name: str, arguments: Any) -> None:
    with pytest.raises(ArgumentErrors):
        echoed(name, **arguments)


def test_a_year_that_its_converter_cannot_write_fits_nowhere() -> None:
    with pytest.raises(Http404):
        echoed("echo-year", year=12345)


def test_no_value_leads_to_another_view() -> None:
    # There is a view at echo/special/, and it comes first.
    assert echoed("echo-word", word="plain") == {"word": "plain"}
    with pytest.raises(Http404):
        echoed("echo-word", word="special")
    with pytest.raises(Http404):  # the address would mean a="x/y"
        echoed("echo-two", a="x", b="y/z")


@pytest.mark.parametrize("rest", ["..", "a/../b", "."])
def test_a_part_that_no_browser_sends_leads_nowhere(rest: str) -> None:
    with pytest.raises(Http404, match="no page at this address"):
        called(tool_of("echo-path", answer="json"), rest=rest)
    found = called(tool_of("echo-path", answer="json"), rest="%2e%2e/...")
    assert found.structured["kwargs"]["rest"] == "%2e%2e/..."


def test_several_urls_of_a_name_take_what_one_of_them_takes() -> None:
    assert properties("years") == {"year": {"type": "integer", "minimum": 0}}
    assert echoed("years") == {}
    assert echoed("years", year=1999) == {"year": "1999"}


def test_groups_of_an_expression_are_text_unless_the_view_says_more() -> None:
    year = {"type": "integer", "minimum": 0, "description": "Four digits."}
    assert properties("dated") == {"year": year}
    assert properties("dated-plain")["month"] == {"type": "integer", "minimum": 0}
    result = called(tool_of("dated-plain", answer="json"), year=1999, month=12)
    assert result.structured == {"year": "1999", "month": "12"}
    with pytest.raises(Http404):
        called(tool_of("dated", answer="json"), year=99)


def test_an_optional_group_is_not_required() -> None:
    assert echoed("optional") == {}
    assert echoed("optional", number="3") == {"number": "3"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("either", "Write it without alternatives"),
        ("unnamed", "Name the group"),
        ("no-such-name", "There is no URL named 'no-such-name'."),
        ("whoamy", "Did you mean whoami"),
        ("/nowhere/", "No view is at '/nowhere/'."),
        (lambda request: None, "has no URL"),
    ],
)
def test_what_cannot_be_found_or_written_is_refused(name: Any, words: str) -> None:
    assert words in mistake_of(name, answer="json")


def test_a_view_is_found_by_itself_its_name_or_its_path() -> None:
    for target in (pages.decorated, "decorated", "/decorated/"):
        assert called(tool_of(target, answer="json")).structured["user"]
    assert properties("/echo/int/<int:number>/") == properties("echo-int")
    # A path that holds a value leads to the route, which takes the value.
    assert properties("/echo/int/5/") == properties("echo-int")


def test_what_decorators_wrap_is_found_by_what_they_put_around() -> None:
    inner: Any = pages.members_only.__wrapped__  # type: ignore[attr-defined]
    [route] = routes_of_view(inner)
    assert route.view is pages.members_only


def test_a_class_is_found_by_itself_and_by_what_it_makes() -> None:
    [route] = routes_of_view(pages.BookList)
    [same] = routes_of_view(route.view)
    assert route.text == same.text == "books/"


def test_namespaces_mean_what_they_mean_to_django() -> None:
    assert [r.text for r in routes_of_name("one:whoami")] == ["one/whoami/"]
    assert [r.text for r in routes_of_name("shop:whoami")] == [
        "two/<int:number>/whoami/"
    ]
    assert echoed("one:echo", slug="a") == {"fixed": "here", "slug": "a"}
    assert echoed("two:echo", slug="a", number=3)["number"] == "3"


def test_an_address_is_written_in_the_language_of_the_call(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    tool = tool_of("translated", answer="json")
    with translation.override("de"):
        assert called(tool).structured["user"]


def test_what_a_view_does_with_its_match_stays_there() -> None:
    [route] = routes_of_name("echo")
    path, first = route.match({}) or pytest.fail("no match")
    first.kwargs["more"] = 1
    again = (route.match({}) or pytest.fail("no match"))[1]
    plain = get_resolver().resolve(path)
    assert (again.kwargs, repr(again)) == ({}, repr(plain))


def test_every_route_leads_back_to_itself() -> None:
    for route in all_routes():
        for ending, names in route.shape.endings:
            if not names and route.shape.regex.search(ending % {}):
                match = resolve(f"/{ending % {}}")
                assert match.route == route.text or match.func is not route.view


def test_a_path_that_leads_nowhere_has_no_route() -> None:
    assert routes_of_path("/nowhere/") == []


@pytest.mark.parametrize(
    ("pattern", "name", "group"),
    [
        (r"^a/(?P<pk>[0-9]+)/$", "pk", "[0-9]+"),
        (r"^(?:x|y)/(?P<one>(a|b)[)\]]*)/(\d+)$", "one", r"(a|b)[)\]]*"),
        (r"^(\w+)/([^)]+)/$", "_1", "[^)]+"),
        (r"^\((?P<in>[]()]+)\)$", "in", "[]()]+"),
    ],
)
def test_a_group_is_read_out_of_its_expression(
    pattern: str, name: str, group: str
) -> None:
    assert group_of(pattern, name) == group


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
    st.text(st.characters(codec=None, categories=["Cs", "Cc", "Zs", "Po", "Nd"])),
    st.lists(st.text(max_size=3), max_size=2), st.uuids().map(str),
    st.sampled_from(["../../admin/", "//evil.example/", "a\r\nSet-Cookie: x=1",
                     "%2e%2e/", "special", "?next=/", "#", "a" * 2000, "٣"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("echo-int", "number"),
        ("echo-str", "text"),
        ("echo-path", "rest"),
        ("echo-uuid", "key"),
        ("echo-year", "year"),
        ("echo-colour", "colour"),
        ("echo-word", "word"),
        ("dated", "year"),
        ("optional", "number"),
        ("years", "year"),
    ],
)
def test_no_value_raises_anything_but_a_refusal(name: str, argument: str) -> None:
    tool = tool_of(name, answer="json")

    @given(anything)
    def check(value: Any) -> None:
        try:
            result = called(tool, **{argument: value})
        except (ArgumentErrors, Http404):
            return
        data = result.structured
        got = data.get("kwargs", data)
        assert not got or argument in got

    check()


def test_the_text_of_a_uuid_is_the_one_of_its_address() -> None:
    assert echoed("echo-uuid", key=KEY) == {"key": str(uuid.UUID(KEY))}
