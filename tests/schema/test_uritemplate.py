"""URI templates: what they read, what they refuse, and how long it takes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.schema.uritemplate import UriTemplate

READINGS = [
    ("shop://catalogue", "shop://catalogue", {}),
    ("shop://book/{isbn}", "shop://book/123", {"isbn": "123"}),
    ("shop://book/{isbn}", "shop://book/a%20b%C3%BC", {"isbn": "a bü"}),
    ("shop://book/{isbn}", "shop://book/100%2525", {"isbn": "100%25"}),
    ("shop://book/{isbn}", "shop://book/bücher", {"isbn": "bücher"}),
    ("shop://{a}/x/{b}", "shop://1/x/2", {"a": "1", "b": "2"}),
    ("shop://book/{isbn}.json", "shop://book/a.json.json", {"isbn": "a.json"}),
    ("shop://{name}-{number}", "shop://a-b-1", {"name": "a-b", "number": "1"}),
    ("shop://{year}-{month}", "shop://2026-07-", {"year": "2026", "month": "07-"}),
    ("shop://{a,b}", "shop://1,2", {"a": "1", "b": "2"}),
    ("shop://{a*}", "shop://1,2", {"a": ["1", "2"]}),
    ("shop://{code:3}", "shop://abc", {"code": "abc"}),
    ("file:///{+path}", "file:///a/b.txt", {"path": "a/b.txt"}),
    ("file:///{+path}", "file:///a/b%20c.txt", {"path": "a/b c.txt"}),
    ("file:///{+path}/meta", "file:///a/meta/meta", {"path": "a/meta"}),
    (
        "git://{owner}/{+path}/at/{commit}",
        "git://me/a/at/b/at/c1",
        {"owner": "me", "path": "a/at/b", "commit": "c1"},
    ),
    ("shop://page{#part}", "shop://page#top", {"part": "top"}),
    ("shop://{name}{.format}", "shop://a.b.csv", {"name": "a.b", "format": "csv"}),
    ("shop:/{/a,b}", "shop://1/2", {"a": "1", "b": "2"}),
    ("shop:/{/steps*}", "shop://a/b/c", {"steps": ["a", "b", "c"]}),
    ("shop:/{/steps*}/end", "shop://a/b/end", {"steps": ["a", "b"]}),
    ("shop://p{;x,y}", "shop://p;x=1;y=2", {"x": "1", "y": "2"}),
    ("shop://s{?q,page}", "shop://s", {}),
    ("shop://s{?q,page}", "shop://s?page=2&q=a", {"q": "a", "page": "2"}),
    ("shop://s{?q}", "shop://s?q=", {"q": ""}),
    ("shop://s{?q}", "shop://s?q=a%2F%2E%2E/b+c", {"q": "a/../b c"}),
    ("shop://s{?q*}", "shop://s?q=a&q=b", {"q": ["a", "b"]}),
    ("shop://s{?q}{&page}", "shop://s?page=2", {"page": "2"}),
    ("shop://s?v=1{&q}", "shop://s?v=1&q=a", {"q": "a"}),
    ("shop://s?v=1{&q}", "shop://s?v=1", {}),
    ("shop://s?a={a}&v=1{&q}", "shop://s?a=x&v=1&q=a", {"a": "x", "q": "a"}),
    ("shop://{x}{?q}", "shop://a?q=b", {"x": "a", "q": "b"}),
    ("files://{+path}{?q}", "files://a/b?q=c", {"path": "a/b", "q": "c"}),
]


@pytest.mark.parametrize(("template", "uri", "values"), READINGS)
def test_a_template_reads_the_values_of_its_uris(
    template: Any, uri: Any, values: Any
) -> None:
    assert UriTemplate(template).match(uri) == values


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("shop://catalogue", "shop://catalogue/"),
        ("shop://book/{isbn}", "shop://book/"),
        ("shop://book/{isbn}", "shop://book"),
        ("shop://book/{isbn}", "xshop://book/1"),
        ("shop://book/{isbn}", "shop://book/1?x=1"),
        ("shop://book/{isbn}", "shop://book/1#x"),
        ("shop://book/{isbn}/x", "shop://book/x"),
        ("shop://{a}/x/{b}", "shop://1/x/"),
        ("shop://{a}-x-{b}", "shop://-x-"),
        ("git://{owner}/{+path}", "git://me"),
        ("git://{owner}/{+path}", "git://me/"),
        ("shop://{code:3}", "shop://abcd"),
        ("shop://{a,b}", "shop://1,2,3"),
        ("shop://{a*}", "shop://1,,2"),
        ("shop://p{;x}", "shop://p;x=1;y=2"),
        ("shop://s{?q}", "shop://s?"),
        ("shop://s{?q}", "shop://s?q"),
        ("shop://s{?q}", "shop://s?other=1"),
        ("shop://s{?q}", "shop://s?q=1&q=2"),
        ("shop://s{?q}", "shop://s?q=1#x"),
        ("shop://s?v=1{&q}", "shop://s?v=2&q=a"),
        ("shop://s?a={a}{&q}", "shop://s?a=1&2&q=3"),
    ],
)
def test_other_uris_do_not_match(template: Any, uri: Any) -> None:
    assert UriTemplate(template).match(uri) is None


@pytest.mark.parametrize(
    "value",
    [
        "..", ".", "a/b", "%2E%2E", ".%2e", "a%2Fb", "a%2fb", "..%2F..%2Fetc",
        "%2Fetc", "a\\b", "a%5Cb", "..%5c", "%00", "a%00.txt", "a\0", "a%0Ab",
        "%0d%0aX: y", "%7F", "%", "%zz", "%2", "a%", "%C0%AF", "%c0%ae%c0%ae",
        "%E0%80%AF", "%ff", "%ED%A0%80", "\ud800",
    ],
)  # fmt: skip
@pytest.mark.parametrize("template", ["f://x/{name}", "f://x{/name}", "f://x{/name*}"])
def test_a_value_cannot_leave_its_step_of_the_path(template: Any, value: Any) -> None:
    found = UriTemplate(template).match(f"f://x/{value}")
    if template.endswith("*}") and value == "a/b":
        assert found == {"name": ["a", "b"]}
    else:
        assert found is None


@pytest.mark.parametrize(
    "value",
    [
        "/etc/passwd", "%2Fetc/passwd", "//host/share", "..", "../x", "a/../b", "a/..",
        "a/./b", ".", "%2e%2e/x", "a/%2E%2e/b", "..%2Fx", "a%2F..%2Fb", "a//b",
        "a%2F%2Fb", "a/", "..\\x", "a%5c..%5cb", "\\\\host", "C:/x", "c:x", "C%3A/x",
        "c%3a%5Cx", "a%00b", "a\0b", "a%0ab", "a?b", "a#b", "%C0%AE%C0%AE/x",
        "\u202e\ud800",
    ],
)  # fmt: skip
def test_a_path_cannot_leave_its_folder(value: Any) -> None:
    for template in ("f:///{+path}", "f:///{+path}/end", "f://{host}/{+path}"):
        uri = template.replace("{+path}", value).replace("{host}", "h")
        assert UriTemplate(template).match(uri) is None


@pytest.mark.parametrize(
    "template",
    [
        "a{", "a}", "{}", "{a", "{a}}", "{{a}}", "{a b}", "{=a}", "{|a}", "{!a}", "{a,}",
        "{1a}", "{a:}", "{a:0}", "{a:12345}", "{a*:3}", "{+}", "{?}", "{é}",
        "{a}{b}", "{+a}{b}", "{a}{+b}", "{+a}/x/{+b}", "{+a,b}", "{+a*}", "{#a*}",
        "{.a*}", "{;a*}", "{/a,b*}", "{a*,b}", "{/a*}/x{/b*}", "{/a*}/{+b}",
        "{a}/{a}", "x{?a,a}", "{a}{?a}", "x{?a}b", "x{?a}{b}", "x{?a}{#b}", "x{?a:3}",
        "x{&a}", "x?y=1{?a}", "x{?a}{?b}", "{+a}?x=1{&b}",
    ],
)  # fmt: skip
def test_a_template_with_two_readings_or_none_is_refused(template: Any) -> None:
    with pytest.raises(ValueError, match="The URI template"):
        UriTemplate(template)


def test_a_template_names_its_variables_in_order() -> None:
    template = UriTemplate("shop://{b}/{+a}{?d,c}")
    assert template.variables == ("b", "a", "d", "c")
    assert not template.is_static
    assert UriTemplate("shop://x").is_static
    assert repr(template) == "UriTemplate('shop://{b}/{+a}{?d,c}')"


@pytest.mark.parametrize(
    ("template", "values", "uri"),
    [
        ("shop://{id}", {"id": 5}, "shop://5"),
        ("shop://{id}", {"id": "a b&c?"}, "shop://a%20b%26c%3F"),
        ("f:///{+path}", {"path": "a/b c?d%"}, "f:///a/b%20c%3Fd%25"),
        ("f://x{/path*}", {"path": ("a", "b:c")}, "f://x/a/b%3Ac"),
        ("shop://s{?q,n}", {"n": 2}, "shop://s?n=2"),
        ("shop://s{?q*}", {"q": ["a", "&"]}, "shop://s?q=a&q=%26"),
        ("shop://p{;x}", {"x": "1"}, "shop://p;x=1"),
    ],
)
def test_expanding_writes_the_uri(template: Any, values: Any, uri: Any) -> None:
    assert UriTemplate(template).expand(values) == uri


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("shop://{a}", {}),
        ("shop://{a}", {"a": ""}),
        ("shop://{a}", {"a": "x/y"}),
        ("shop://{a}", {"a": ".."}),
        ("shop://{a}", {"a": "x", "b": "y"}),
        ("shop://{a}-{b}", {"a": "x", "b": "y-z"}),
        ("shop://{+a}", {"a": "../x"}),
        ("shop://{a:2}", {"a": "abc"}),
        ("shop://{a*}", {"a": "abc"}),
    ],
)
def test_expanding_refuses_what_would_not_be_read_back(
    template: Any, values: Any
) -> None:
    with pytest.raises(ValueError, match="shop://"):
        UriTemplate(template).expand(values)


_names = st.text(min_size=1).filter(
    lambda text: (
        text not in {".", ".."}
        and not any(
            c in "/\\\x7f" or c < " " or "\ud800" <= c <= "\udfff" for c in text
        )
    )
)
_steps = st.lists(_names, min_size=1, max_size=4).filter(
    lambda steps: not (steps[0][:1].isalpha() and steps[0][1:2] == ":")
)
_texts = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters="\x7f", min_codepoint=32
    )
)


@given(a=_names, steps=_steps, q=_texts, tags=st.lists(_texts, min_size=1))
def test_what_is_expanded_is_read_back(a: Any, steps: Any, q: Any, tags: Any) -> None:
    values = {"a": a, "path": "/".join(steps), "q": q, "tags": tags}
    template = UriTemplate("x://{a}/{+path}/end{?q,tags*}")
    assert template.match(template.expand(values)) == values
    values = {"a": a, "steps": steps, "b": a}
    template = UriTemplate("x://{a}{/steps*};b={b}")
    assert template.match(template.expand(values)) == values


@given(st.text(), st.sampled_from([template for template, _, _ in READINGS]))
def test_no_uri_makes_matching_fail(text: Any, template: Any) -> None:
    compiled = UriTemplate(template)
    compiled.match(text)
    compiled.match(template.partition("{")[0] + text)


@given(st.text(st.sampled_from("ab{}+#./;?&,*:3=")))
def test_any_text_is_a_template_or_a_value_error(text: Any) -> None:
    try:
        template = UriTemplate(text)
    except ValueError:
        return
    template.match(text)


@pytest.mark.parametrize("template", [template for template, _, _ in READINGS])
@pytest.mark.parametrize(
    "hostile", ["-", "/", "%2E", "a-", "/at/", ".", ",", ";x=1", "&q=a", "%", "a/"]
)
def test_matching_takes_time_in_proportion_to_the_uri(
    template: Any, hostile: Any
) -> None:
    compiled = UriTemplate(template)
    prefix = template.partition("{")[0]
    started = time.process_time()
    for _ in range(3):
        compiled.match(prefix + hostile * (100_000 // len(hostile)) + "!")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "value", ["a/b", "a\\b", "ü ß", "100%", "a%2Fb", "../x", "?#&"]
)
def test_a_key_may_hold_what_a_file_name_may_not(value: str) -> None:
    template = UriTemplate("model://shop/book/{pk}/{field}", keys=["pk"])
    values = {"pk": value, "field": "photo"}
    assert template.match(template.expand(values)) == values


@pytest.mark.parametrize("value", ["%00", "%0A", ".", "%2E%2E", "%ED%A0%80", ""])
def test_a_key_is_text_that_a_uri_can_carry(value: str) -> None:
    template = UriTemplate("model://shop/book/{pk}", keys=["pk"])
    assert template.match(f"model://shop/book/{value}") is None
