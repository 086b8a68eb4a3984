"""What the tags of ``{% load mcp %}`` are: nodes that can be read and rendered.

What declares (`PromptNode`, `ArgumentNode`) holds constants alone, so that it
can be read without rendering. What speaks hands objects to the `Rendering`
that goes on; on an ordinary page of a project it shows its words, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from os.path import commonprefix
from typing import Any, Literal

from django.template import Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, TextNode, VariableNode

from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Text
from django_mcp.providers.templates.media import Source, content_from
from django_mcp.providers.templates.rendering import current, rendered_as_text
from django_mcp.schema.uritemplate import UriTemplate


class PromptNode(Node):
    """``{% mcp_prompt title="…" %}``: what the prompt is called, and for whom."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = dict(options)

    def render(self, context: Any) -> str:
        """Say nothing."""
        return ""


class ArgumentNode(Node):
    """``{% argument isbn "Which book?" required %}``: a blank to fill in."""

    def __init__(
        self,
        name: str,
        *,
        title: Text = "",
        description: Text = "",
        required: bool = False,
        default: Text = "",
        choices: Any = None,
        complete: str = "",
    ) -> None:
        self.name = name
        self.title = title
        self.description = description
        self.required = required
        self.default = default
        #: Words, or the name of a value of the prompt's ``context``.
        self.choices = choices
        self.complete = complete

    def render(self, context: Any) -> str:
        """Say nothing."""
        return ""


class MessageNode(Node):
    """``{% message "user" %}…{% endmessage %}``: what one side says."""

    def __init__(self, role: Literal["user", "assistant"], nodelist: NodeList) -> None:
        self.role = role
        self.nodelist = nodelist
        dedent(nodelist)

    def render(self, context: Any) -> str:
        rendering = current()
        if rendering is None:
            return self.nodelist.render(context)
        rendering.say(self.role, lambda: self.nodelist.render(context))
        return ""


class ResourceNode(Node):
    """``{% resource "shop://book/{isbn}" %}``: a resource, sent along."""

    def __init__(
        self, uri: FilterExpression, values: Mapping[str, FilterExpression]
    ) -> None:
        self.uri = uri
        #: The URI's variables; of a URI that is not constant there are none.
        self.values = dict(values)

    def render(self, context: Any) -> str:
        rendering = current()
        if rendering is None:
            return ""
        uri = self._expanded(context)
        # What renders a template of its own in there does not speak here.
        with rendered_as_text():
            found = rendering.context.read_resource(uri)
        return rendering.place({"type": "resource", "resource": one} for one in found)

    def _expanded(self, context: Any) -> str:
        # A literal counts as safe HTML, and the registry knows plain texts.
        uri = str(self.uri.resolve(context))[:]
        if not self.values:
            return uri
        values = {
            name: str(value.resolve(context)) for name, value in self.values.items()
        }
        # Keys may hold anything: the resource itself judges what they mean.
        try:
            return UriTemplate(uri, keys=values).expand(values)
        except ValueError:
            raise NotRegistered(f"There is no resource at {uri}.") from None


class MediaNode(Node):
    """``{% image "shop/logo.png" %}`` and ``{% audio … %}``: a file, sent along."""

    def __init__(
        self, kind: str, source: FilterExpression, *, storage: str, mime_type: str
    ) -> None:
        self.kind = kind
        self.source = source
        self.storage = storage
        self.mime_type = mime_type

    @property
    def constant(self) -> str | None:
        """The name of the file, where the template itself says it."""
        return None if self.source.is_var else str(self.source.var)

    def render(self, context: Any) -> str:
        rendering = current()
        if rendering is None:
            return ""
        name = self.constant
        if name is None:
            source = Source(value=self.source.resolve(context))
        else:
            source = Source(name=name, storage=self.storage)
        content = content_from(self.kind, source, self.mime_type)
        return rendering.place([] if content is None else [content])


#: What declares, and what may stand in a prompt alone.
DECLARING = (PromptNode, ArgumentNode)
SPEAKING = (MessageNode, ResourceNode, MediaNode)


def constant(expression: FilterExpression, what: str) -> Any:
    """Return what an expression always says. Raises: TemplateSyntaxError"""
    if expression.is_var or expression.filters:
        raise TemplateSyntaxError(
            f"{what} must be a text in quotes, not {expression.token}."
        )
    return expression.var


def dedent(nodelist: NodeList) -> None:
    """Take the common margin off the lines of a message, as it is written.

    Before rendering, so that the lines of an argument neither count nor change.
    """
    texts = list(_texts(nodelist))
    indents = [indent for text, after in texts for indent in _indents(text, after)]
    margin = commonprefix(indents)
    if margin:
        for text, _ in texts:
            text.s = text.s.replace(f"\n{margin}", "\n")


def _indents(text: TextNode, after: Node | None) -> Iterator[str]:
    """Yield what precedes the words of each line that begins in a text."""
    *lines, last = text.s.split("\n")
    # A line that holds nothing but a tag for logic may stand where it likes.
    bare = [*lines[1:], *([last] if lines else [])]
    for line in bare:
        words = line.lstrip(" \t")
        if words or (line is last and isinstance(after, VariableNode)):
            yield line[: len(line) - len(words)]


def _texts(nodelist: NodeList) -> Iterator[tuple[TextNode, Node | None]]:
    """Yield the texts of a message and what follows each, at any depth."""
    for node, after in zip_longest(nodelist, nodelist[1:]):
        if isinstance(node, TextNode):
            yield node, after
        for name in node.child_nodelists:
            yield from _texts(getattr(node, name, None) or NodeList())
