"""A tag that is written wrong says so when the template is compiled."""

from __future__ import annotations

import pytest
from django.template import TemplateSyntaxError, engines


def compiled(text: str) -> None:
    engines.all()[0].from_string("{% load mcp %}" + text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% mcp_prompt tilte='x' %}", "has no tilte; it has description, name"),
        ("{% mcp_prompt title=x %}", "title of {% mcp_prompt %} must be a text"),
        ("{% mcp_prompt title='x'|upper %}", "must be a text in quotes"),
        ("{% mcp_prompt 'x' %}", "does not understand 'x'"),
        ("{% mcp_prompt title='x' title='y' %}", "has title twice"),
        ("{% argument %}", "needs the name of the argument"),
        ("{% argument a-b %}", "cannot be the name of an argument"),
        ("{% argument _a %}", "cannot be the name of an argument"),
        ("{% argument a 'b' 'c' %}", "has no 'c'"),
        ("{% argument a b %}", "must be a text in quotes"),
        ("{% argument a required default='b' %}", "so it is not required"),
        ("{% argument a choices=b.c %}", "name of a value"),
        ("{% argument a colour='b' %}", "has no colour"),
        ("{% message 'system' %}{% endmessage %}", "not by 'system'"),
        ("{% message 'user' 'x' %}{% endmessage %}", "does not understand 'x'"),
        ("{% message %}", "Unclosed tag"),
        ("{% resource %}", "needs a URI"),
        ("{% resource 'a://{b' %}", "braces do not match"),
        ("{% resource 'a://{b}' c=d %}", "a://{b} has no c"),
        ("{% resource a b=c %}", "Only a URI in quotes has variables"),
        ("{% image %}", "needs a file"),
        ("{% image 'a'|upper %}", "cannot be changed by filters"),
        ("{% image a storage='default' %}", "a variable must hold a file"),
        ("{% audio a colour='b' %}", "has no colour"),
    ],
)
def test_a_mistake_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        compiled(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{% mcp_prompt %}",
        "{% mcp_prompt title=_('Yes no') scopes='a, b' tags='c' name='d' %}",
        "{% argument 'a' description='b' title='c' complete='x.y' default='' %}",
        "{% argument a _('Which one?') required choices='b,c' %}",
        "{% message %}{% endmessage %}{% message assistant %}{% endmessage %}",
        "{% image a.b %}{% audio 'c.ogg' mime_type='audio/ogg' storage='default' %}",
        "{% resource a|add:'b' %}{% resource 'a://b/{c}' c=d.e %}",
    ],
)
def test_what_is_documented_compiles(text: str) -> None:
    compiled(text)
