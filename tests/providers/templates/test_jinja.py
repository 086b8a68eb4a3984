"""Jinja2's templates are text: their variables are arguments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import override_settings

from django_mcp import MCPServer
from tests.providers.templates.telling import (
    JINJA,
    contents,
    engines_in,
    listed,
    said,
    served,
    server_with,
    wrong,
)

pytest.importorskip("jinja2")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    with engines_in(tmp_path, JINJA):
        yield tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }} {{ b.c }} {{ range(3) }}", "a b"),
        ("{% set a = b %}{{ a }}", "b"),
        ("{% for a in b %}{{ a }}{{ loop.index }}{% endfor %}", "b"),
        ("{% include 'part.md' %}{{ a }}", "a p"),
        ("{% for p in a %}{% include 'part.md' %}{% endfor %}", "a"),
        ("{% extends 'base.md' %}{% block b %}{{ a }}{% endblock %}", "a top"),
        (
            "{% extends 'base.md' %}{% block b %}{{ super() }}{% endblock %}",
            "inner top",
        ),
        ("{% from 'macro.md' import m %}{{ m(a) }}", "a"),
        ("{% include 'nowhere.md' ignore missing %}{{ a }}", "a"),
    ],
)
def test_names_are_those_that_come_from_outside(
    folder: Path, text: str, names: str
) -> None:
    (folder / "part.md").write_text("{{ p }}")
    (folder / "base.md").write_text("{{ top }}{% block b %}{{ inner }}{% endblock %}")
    (folder / "macro.md").write_text("{% macro m(x) %}{{ x }}{{ y }}{% endmacro %}")
    (folder / "a.md").write_text(text)
    [prompt] = listed(server_with("a.md"))
    assert sorted(one["name"] for one in prompt["arguments"]) == names.split()


def test_what_it_copes_without_is_optional(folder: Path) -> None:
    (folder / "a.txt").write_text(
        "{{ a }}{% if b %}{% endif %}{{ c|default('x') }}"
        "{{ d if d is defined }}{{ 1 if e }}"
    )
    [prompt] = listed(server_with("a.txt"))
    required = [one["name"] for one in prompt["arguments"] if one.get("required")]
    assert required == ["a"]
    assert len(prompt["arguments"]) == 5


def test_all_of_it_is_one_message(folder: Path) -> None:
    (folder / "a.txt").write_text("\nTell {{ user }} of {{ what }}.\n")
    server = server_with("a.txt")
    given = {"what": "{{ 7 * 7 }} <b> {% endblock %}"}
    assert said(server, "a", given) == [
        ("user", f"Tell AnonymousUser of {given['what']}.")
    ]


def test_words_of_html_are_escaped_and_words_of_text_are_not(folder: Path) -> None:
    (folder / "a.html").write_text("{{ a }}{% include 'part.html' %}")
    (folder / "part.html").write_text("{{ a }}")
    (folder / "b.md").write_text("{{ a }}")
    server = server_with("a.html", "b.md")
    assert said(server, "a", {"a": "<"}) == [("user", "&lt;&lt;")]
    assert said(server, "b", {"a": "<"}) == [("user", "<")]


def test_context_processors_run_where_there_is_a_request(folder: Path) -> None:
    (folder / "a.md").write_text("{{ LANGUAGE_CODE }} {{ request.method }} {{ a }}")
    request = HttpRequest()
    request.method = "POST"
    processors = ["django.template.context_processors.i18n"]
    with engines_in(folder, JINJA, context_processors=processors):
        server = server_with("a.md")
        found = said(server, "a", {"a": "x"}, make_request=lambda context: request)
    assert found == [("user", "en-us POST x")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n{% nonsense %}", "a.md:2: Encountered unknown tag"),
        ("\n{% include 'broken.md' %}", "broken.md:1:"),
        ("{% include 'nowhere.md' %}", "nowhere.md, which does not exist"),
        ("{% import 'broken.md' as b %}", "broken.md:1:"),
        ("{% from 'nowhere.md' import b %}", "nowhere.md, which does not exist"),
        ("\n{% include kind %}", "a.md:2: who calls would choose the template"),
        ("{% include ['a.md', 'b/' + kind] %}", "who calls would choose the template"),
        ("{% extends kind %}", "who calls would choose the template"),
    ],
)
def test_what_does_not_compile_is_named_with_its_line(
    folder: Path, text: str, words: str
) -> None:
    (folder / "broken.md").write_text("{% endif %}")
    (folder / "a.md").write_text(text)
    assert words in wrong("a.md")


def test_a_resource_is_made_too(folder: Path) -> None:
    (folder / "a.html").write_text("<h1>{{ name }}</h1>")
    server = MCPServer("tests")
    server.resource_template("shop://{name}", template="a.html")
    server.resource_template(
        "shop://text/{name}", template="a.md", mime_type="text/xml"
    )
    (folder / "a.md").write_text("{{ name }}")
    served(server)
    assert contents(server, "shop://text/<x>")["text"] == "&lt;x&gt;"
    assert contents(server, "shop://<x>") == {
        "uri": "shop://<x>",
        "mimeType": "text/html",
        "text": "<h1>&lt;x&gt;</h1>",
    }


def test_templates_of_another_language_are_refused(folder: Path) -> None:
    engine = {"BACKEND": "django.template.backends.dummy.TemplateStrings"}
    with override_settings(TEMPLATES=[{**engine, "DIRS": [folder], "APP_DIRS": True}]):
        (folder / "a.md").write_text("x")
        assert "There is no template 'a.md'" in wrong("a.md")
