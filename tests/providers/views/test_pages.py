"""Pages in HTML, as a person would read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("markdownify")
from django_mcp.providers.views.pages import (
    MAX_HTML,
    MAX_TEXT,
    errors_in,
    form_in,
    markdown_from,
)

PAGE = """<!doctype html><html><head><title>The shop</title>
<style>p {{ color: red }}</style></head><body>{}</body></html>"""


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Hello <b>you</b></p>", "Hello **you**"),
        ("<script>steal()</script><p>a</p><style>x</style>", "a"),
        ("<p hidden>a</p><p aria-hidden=true>b</p><p>c</p>", "c"),
        ("<p style='color: red; display: none'>a</p><p>c</p>", "c"),
        ("<a href='javascript:x()'>a</a> <a href=' JavaScript:x()'>b</a>", "a b"),
        ("<a href='/books/'>Books</a>", "[Books](/books/)"),
        ("<img src='data:image/png;base64,AAAA' alt='pixel'>", "![pixel]()"),
        ("<img src=/a.png alt=''>x", "x"),
        ("<input type=hidden name=csrfmiddlewaretoken value=secret>x", "x"),
        ("<label>PIN <input type=password value=1234></label>", "PIN"),
        ("<label>Name <input value=Ann></label>", "Name Ann"),
        ("<input type=checkbox checked> a <input type=radio> b", "[x] a ( ) b"),
        ("<select><option>a<option selected>b</select>", "b"),
        ("<select multiple><option selected>a</option>"
         "<option selected>b</option></select>", "a, b"),
        ("<select></select>x", "x"),
        ("<textarea>\nlong\n</textarea>", "long"),
        ("<button>Save <b>it</b></button><input type=submit value=Go>",
         "[Save it][Go]"),
        ("3<form><button>Go</button></form>4", "3\n\n[Go]\n\n4"),
        ("<fieldset><legend>Who</legend>Ann</fieldset>", "Who\n\nAnn"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<!-- a note of the author -->x", "x"),
        ("<table><tr><th>A</th></tr><tr><td>1</td></tr></table>",
         "| A |\n| --- |\n| 1 |"),
    ],
)  # fmt: skip
def test_what_a_person_reads_is_there_and_nothing_else(
    html: str, markdown: str
) -> None:
    assert markdown_from(html) == markdown


def test_the_main_content_comes_first_and_the_frame_is_left_out() -> None:
    body = (
        "<a class=skip-link href=#main>Skip</a><header><h1>Shop</h1></header>"
        "<nav>Home</nav><aside>Beside<button><svg></svg></button></aside>"
        "<main><header>New</header><h2>Books</h2></main>"
        "<footer>Below</footer>"
    )
    assert markdown_from(PAGE.format(body)) == "# The shop\n\nNew\n\n## Books\n\nBeside"
    assert markdown_from(PAGE.format("<h1>Books</h1>")) == "# Books"


def test_a_page_is_bounded_however_large_or_deep() -> None:
    large = markdown_from("<p>" + "word " * MAX_TEXT + "</p>")
    assert len(large) < MAX_TEXT + 100
    assert "left out" in large
    deep = markdown_from("<div>" * 5000 + "bottom" + "</div>" * 5000)
    assert deep == "bottom"
    assert "late" not in markdown_from(" " * MAX_HTML + "late")


def test_the_errors_of_a_form_are_read_by_field() -> None:
    html = """<form><ul class="errorlist nonfield"><li>Not <b>now</b>.</li></ul>
      <ul class="errorlist" id="id_rows-0-title_error"><li>Missing.</li></ul>
      <div class="errorlist">In a frame.</div></form>"""
    assert errors_in(html) == ["Not now.", "rows-0-title: Missing.", "In a frame."]
    assert errors_in("<p>Fine</p>") == []


def test_controls_hold_what_a_browser_would_send() -> None:
    html = """<form><input name=q value=search></form><form>
      <input type=hidden name=csrfmiddlewaretoken value=secret>
      <input name=title value="Emma &amp; co"><textarea name=note>\r\na\nb</textarea>
      <input type=checkbox name=new checked><input type=checkbox name=old value=1>
      <input type=radio name=size value=s><input type=radio name=size value=l checked>
      <select name=one><option value=1>a<option value=2 selected>b</select>
      <select name=first><option>x<option>y</select>
      <select name=many multiple><option selected>x<option selected>y</select>
      <select name=none multiple><option>x</select>
      <input name=off value=1 disabled><input type=file name=file>
      <input type=password name=pin value=1><input type=submit name=go value=Go></form>"""
    found = form_in(html, {"title": "text", "note": ""})
    assert found is not None
    assert found.controls == {
        "title": ["Emma & co"],
        "note": ["a\nb"],
        "new": ["on"],
        "size": ["l"],
        "one": ["2"],
        "first": ["x"],
        "many": ["x", "y"],
    }
    assert found.buttons == [("go", "Go")]
    assert form_in(html, {"nothing": "text"}) is None
    assert form_in("<p>", {"title": "text"}) is None


def test_the_form_is_the_one_with_the_same_controls() -> None:
    html = """<form><input type=radio name=email value=old><button name=remove>x
      </button></form><form><input type=email name=email><button type=button>?
      </button><button disabled name=wait>…</button><button name=add>+</button></form>"""
    found = form_in(html, {"email": "email"})
    assert found is not None and found.buttons == [("add", "")]


@pytest.mark.timeout(20)
def test_controls_in_controls_take_no_more_time() -> None:
    assert markdown_from("<button>x" * 5000).startswith("[xxx")
    found = form_in("<form>" * 5000 + "<input name=email>", {"email": "email"})
    assert found is not None and found.controls == {"email": [""]}


def test_a_form_without_controls_is_the_only_one_that_is_posted() -> None:
    html = "<form></form><form method=POST><input type=submit value=Yes></form>"
    found = form_in(html, {})
    assert found is not None and found.buttons == [("", "Yes")]
    assert form_in(html * 2, {}) is None


@given(st.text(alphabet="<>/='\"& abcinputselectoptionmainscript!-\n", max_size=300))
def test_no_markup_breaks_it(html: str) -> None:
    assert isinstance(markdown_from(html), str)
    assert isinstance(errors_in(html), list)
    form_in(html, {"a": "text"})
    form_in(html, {})
