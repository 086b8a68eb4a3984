"""The names a template takes are told without rendering it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.template import Context, Engine, TemplateDoesNotExist, engines

from django_mcp.providers.templates.reading import Reading, read
from tests.providers.templates.telling import Write


def reading_of(text: str) -> Reading:
    backend: Any = engines.all()[0]
    engine: Engine = backend.engine
    template = engine.from_string(text)
    return read(template, engine)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plain", ""),
        ("{{ a }} {{ a.b.c }} {{ 'text' }} {{ 3 }} {{ None }}", "a"),
        ("{{ a|default:b }}{{ a|add:b|cut:'x' }}", "a b"),
        ("{% for a in b %}{{ a }}{{ forloop.counter }}{% endfor %}{{ a }}", "b a"),
        ("{% for a, c in b.items %}{{ a }}{{ c }}{% empty %}{{ d }}{% endfor %}", "b d"),
        ("{% with a=b c=3 %}{{ a }}{{ c }}{% endwith %}{{ c }}", "b c"),
        ("{% if a and not b == c or d|length > e %}{{ f }}{% else %}{{ g }}{% endif %}", "a b c d e f g"),
        ("{% ifchanged a %}{{ b }}{% else %}{{ c }}{% endifchanged %}", "a b c"),
        ("{% url a b c=d as e %}{{ e }}", "a b d"),
        ("{% firstof a b 'c' %}", "a b"),
        ("{% cycle a b as c %}{{ c }}", "a b"),
        ("{% regroup a by b as c %}{% for d in c %}{{ d.grouper }}{% endfor %}", "a"),
        ("{% filter cut:a %}{{ b }}{% endfilter %}", "a b"),
        ("{% widthratio a b c as d %}{{ d }}", "a b c"),
        ("{% now a %}{% now 'Y' as b %}{{ b }}", ""),
        ("{% spaceless %}{{ a }}{% endspaceless %}", "a"),
        ("{% autoescape off %}{{ a }}{% endautoescape %}", "a"),
        ("{% comment %}{{ a }}{% endcomment %}{# {{ b }} #}", ""),
        ("{% verbatim %}{{ a }}{% endverbatim %}", ""),
        ("{% load i18n %}{% translate a as b %}{{ b }}", "a"),
        ("{% load i18n %}{% translate 'a' context b %}", "b"),
        ("{% load i18n %}{% blocktranslate with a=b count c=d %}{{ a }} {{ c }} {{ e }}{% plural %}{{ f }}{% endblocktranslate %}", "b d e f"),
        ("{% load i18n %}{% get_current_language as a %}{{ a }}", ""),
        ("{% load i18n %}{% language a %}{{ b }}{% endlanguage %}", "a b"),
        ("{% load cache %}{% cache a b c %}{{ d }}{% endcache %}", "a c d"),
        ("{% load static %}{% static a as b %}{{ b }}", "a"),
        ("{% load tz %}{% timezone a %}{{ b }}{% endtimezone %}", "a b"),
        ("{% include 'part.md' %}", "p q"),
        ("{% include 'part.md' with p=a %}", "a q"),
        ("{% include 'part.md' with p=a only %}", "a"),
        ("{% include a %}", "a"),
        ("{% for p in a %}{% include 'part.md' %}{% endfor %}", "a q"),
        ("{% include 'itself.md' %}", "x"),
        ("{% extends 'base.md' %}{{ lost }}{% block b %}{{ a }}{% endblock %}", "top a end"),
        ("{% extends 'base.md' %}{% block b %}{{ block.super }}{% endblock %}", "top inner end"),
        ("{% extends 'middle.md' %}{% block b %}{{ block.super }}{% endblock %}", "top mid inner end"),
        ("{% extends 'middle.md' %}", "top mid inner end"),
        ("{% extends a %}{% block b %}{{ c }}{% endblock %}", "a c"),
        ("{% block b %}{{ a }}{% block c %}{{ d }}{% endblock %}{% endblock %}", "a d"),
        ("{% load mcp %}{% resource 'a://{b}/{c}' c=d %}{% image e %}{% audio f %}", "b d e f"),
        ("{% load mcp %}{% message 'user' %}{{ a }}{% endmessage %}", "a"),
    ],
)  # fmt: skip
def test_names_are_those_that_come_from_outside(
    write: Write, text: str, names: str
) -> None:
    write("part.md", "{{ p }}{{ q }}")
    write("itself.md", "{{ x }}{% include 'itself.md' %}")
    write("base.md", "{{ top }}{% block b %}{{ inner }}{% endblock %}{{ end }}")
    write(
        "middle.md",
        "{% extends 'base.md' %}{% block b %}{{ mid }}{{ block.super }}{% endblock %}",
    )
    assert list(reading_of(text).names) == names.split()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }}{% if b %}{% elif c == d %}{% endif %}", "b c d"),
        ("{{ a|default:b }}{{ c|default_if_none:'' }}{{ d|upper }}", "a c"),
        ("{% firstof a b %}", "a b"),
        ("{% for a in b %}{% if a %}{% endif %}{% endfor %}", ""),
    ],
)
def test_what_a_template_copes_without_is_optional(
    write: Write, text: str, names: str
) -> None:
    assert sorted(reading_of(text).optional) == names.split()


ADMIN = Path(admin.__file__).parent / "templates"
PAGES = sorted(path.relative_to(ADMIN).as_posix() for path in ADMIN.rglob("*.html"))


class Watched(Context):
    """Remembers the names that nobody gave."""

    def __init__(self) -> None:
        super().__init__({})
        self.missing: set[str] = set()

    def __getitem__(self, key: Any) -> Any:
        if key not in self:
            self.missing.add(key)
        return super().__getitem__(key)


def test_templates_that_others_wrote_take_what_was_read() -> None:
    """Rendering the admin's pages asks for no name that was not foreseen."""
    backend: Any = engines.all()[0]
    asked: set[str] = set()
    for page in PAGES:
        template = backend.engine.get_template(page)
        try:
            names = set(read(template, backend.engine).names)
        except TemplateDoesNotExist as error:
            # Widgets include those of forms, which have an engine of their own.
            assert str(error).startswith("django/forms/")
            continue
        watched = Watched()
        with suppress(Exception):  # pages that nobody gave anything may fail
            template.render(watched)
        assert watched.missing <= names, page
        asked |= watched.missing
    assert len(asked) > 20


def test_a_name_is_told_with_its_file_and_line(write: Write) -> None:
    write("part.md", "\n\n{{ a }}")
    write("whole.md", "{% include 'part.md' %}{{ a }}")
    backend: Any = engines.all()[0]
    reading = read(backend.engine.get_template("whole.md"), backend.engine)
    assert reading.names["a"].endswith("part.md:3")
