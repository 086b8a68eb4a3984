"""The tags of prompts: ``{% load mcp %}`` in a template makes one of it.

Here they are parsed and nothing more; what they are is in
``providers/templates/nodes.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.template import Library, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token
from django.utils.functional import Promise, lazystr
from django.utils.safestring import SafeString

from django_mcp.providers.templates.nodes import (
    ArgumentNode,
    MediaNode,
    MessageNode,
    PromptNode,
    ResourceNode,
    constant,
)
from django_mcp.schema.uritemplate import UriTemplate

register = Library()

_PROMPT = {
    "name",
    "title",
    "description",
    "permission",
    "permissions",
    "scopes",
    "tags",
}
_ARGUMENT = {"title", "description", "default", "choices", "complete"}
_SEVERAL = ("permissions", "scopes", "tags")


@register.tag("mcp_prompt")
def parse_prompt(parser: Parser, token: Token) -> PromptNode:
    """``{% mcp_prompt title=_("Review a book") permission="shop.view_book" %}``"""
    bits = _Bits(parser, token, allowed=_PROMPT)
    bits.refuse_rest()
    options = {name: bits.text(name) for name in bits.named}
    options |= {name: _split(options[name]) for name in _SEVERAL if name in options}
    if "permission" in options:
        one = str(options.pop("permission"))
        options["permissions"] = [one, *options.get("permissions", ())]
    return PromptNode(options)


@register.tag("argument")
def parse_argument(parser: Parser, token: Token) -> ArgumentNode:
    """``{% argument isbn "Which book?" required complete="shop.Book.isbn" %}``"""
    bits = _Bits(parser, token, allowed=_ARGUMENT)
    name = bits.next("the name of the argument").strip("\"'")
    if not name.isidentifier() or name.startswith("_"):
        raise TemplateSyntaxError(f"{name!r} cannot be the name of an argument.")
    options = {key: bits.text(key) for key in bits.named if key != "choices"}
    if "choices" in bits.named:
        options["choices"] = _choices(bits.named["choices"])
    for bit in bits.rest():
        if bit == "required":
            options["required"] = True
        elif "description" in options:
            raise TemplateSyntaxError(f"{{% argument {name} %}} has no {bit}.")
        else:
            options["description"] = bits.compiled(bit, "The description")
    if options.get("required") and "default" in options:
        raise TemplateSyntaxError(f"{name} has a default, so it is not required.")
    return ArgumentNode(name, **options)


@register.tag("message")
def parse_message(parser: Parser, token: Token) -> MessageNode:
    """``{% message "user" %}…{% endmessage %}``, or ``"assistant"``."""
    bits = _Bits(parser, token, allowed=())
    role = bits.next("who speaks", default="user").strip("\"'")
    bits.refuse_rest()
    if role not in {"user", "assistant"}:
        raise TemplateSyntaxError(
            f'A message is said by "user" or "assistant", not by {role!r}.'
        )
    nodelist = parser.parse(("endmessage",))
    parser.delete_first_token()
    return MessageNode(role, nodelist)  # type: ignore[arg-type]


@register.tag("resource")
def parse_resource(parser: Parser, token: Token) -> ResourceNode:
    """``{% resource "shop://book/{isbn}" %}``: read as the caller may."""
    bits = _Bits(parser, token)
    uri = parser.compile_filter(bits.next("a URI"))
    bits.refuse_rest()
    if uri.is_var or uri.filters:
        if bits.named:
            raise TemplateSyntaxError("Only a URI in quotes has variables to fill in.")
        return ResourceNode(uri, {})
    try:
        variables = UriTemplate(str(uri.var)).variables
    except ValueError as error:
        raise TemplateSyntaxError(str(error)) from None
    unknown = bits.named.keys() - set(variables)
    if unknown:
        raise TemplateSyntaxError(f"{uri.var} has no {', '.join(sorted(unknown))}.")
    values = {
        name: bits.named.get(name) or parser.compile_filter(name) for name in variables
    }
    return ResourceNode(uri, values)


@register.tag("image")
@register.tag("audio")
def parse_media(parser: Parser, token: Token) -> MediaNode:
    """``{% image "shop/logo.png" %}``, ``{% image book.cover %}``."""
    bits = _Bits(parser, token, allowed={"storage", "mime_type"})
    source = parser.compile_filter(bits.next("a file"))
    bits.refuse_rest()
    if not source.is_var and source.filters:
        raise TemplateSyntaxError("A file's name cannot be changed by filters.")
    storage = bits.text("storage") if "storage" in bits.named else ""
    if storage and source.is_var:
        raise TemplateSyntaxError(
            "Only a name in quotes is looked up in a storage; a variable must hold a"
            " file, such as book.cover."
        )
    mime_type = bits.text("mime_type") if "mime_type" in bits.named else ""
    return MediaNode(bits.tag, source, storage=str(storage), mime_type=str(mime_type))


class _Bits:
    """The words of a tag: first those by place, and those by name."""

    def __init__(
        self, parser: Parser, token: Token, allowed: Collection[str] | None = None
    ) -> None:
        self._parser = parser
        self.tag, *words = token.split_contents()
        self._rest: list[str] = []
        self.named: dict[str, FilterExpression] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not name.isidentifier():
                self._rest.append(word)
            elif allowed is not None and name not in allowed:
                raise TemplateSyntaxError(
                    f"{{% {self.tag} %}} has no {name}; it has"
                    f" {', '.join(sorted(allowed)) or 'no options'}."
                )
            elif name in self.named:
                raise TemplateSyntaxError(f"{{% {self.tag} %}} has {name} twice.")
            else:
                self.named[name] = parser.compile_filter(value)

    def next(self, what: str, default: str = "") -> str:
        """Return the next word. Raises: TemplateSyntaxError"""
        if self._rest:
            return self._rest.pop(0)
        if default:
            return default
        raise TemplateSyntaxError(f"{{% {self.tag} %}} needs {what}.")

    def rest(self) -> list[str]:
        """Return the words that are left."""
        return self._rest

    def refuse_rest(self) -> None:
        """Raises: TemplateSyntaxError, for words nobody asked for."""
        if self._rest:
            raise TemplateSyntaxError(
                f"{{% {self.tag} %}} does not understand {' '.join(self._rest)}."
            )

    def text(self, name: str) -> Any:
        """Return a named text, which may be a lazy translation."""
        return _text(self.named[name], f"{name} of {{% {self.tag} %}}")

    def compiled(self, word: str, what: str) -> Any:
        """Return the text of a word by place."""
        return _text(self._parser.compile_filter(word), f"{what} of {{% {self.tag} %}}")


def _text(expression: FilterExpression, what: str) -> Any:
    value = constant(expression, what)
    if isinstance(value, Promise):
        # Django doubles percent signs of what it translates.
        return lazystr(_Single(value))
    # Literals count as safe HTML, and these words are no HTML.
    return value[:] if isinstance(value, SafeString) else str(value)


class _Single:
    """A translation whose percent signs are single again."""

    def __init__(self, text: Any) -> None:
        self._text = text

    def __str__(self) -> str:
        return str(self._text).replace("%%", "%")


def _choices(expression: FilterExpression) -> Any:
    """Return words, the path of a field, or an expression for a value."""
    if expression.is_var:
        if expression.filters or "." in str(expression.var):
            raise TemplateSyntaxError(
                "choices must be words in quotes or the name of a value."
            )
        return expression
    return str(constant(expression, "choices"))[:]


def _split(text: str) -> list[str]:
    return [part.strip() for part in str(text).split(",") if part.strip()]
