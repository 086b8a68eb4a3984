"""Find a template by its name, and give every engine's the same face.

A template is compiled and read once, when its server is first served, and got
from its engine anew for each rendering: engines keep what they compiled, and
forget it when a developer has changed the file.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template import (
    Engine,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    engines,
)
from django.template.backends.django import DjangoTemplates
from django.template.context import make_context
from django.utils.module_loading import import_string

from django_mcp.content.media import type_of_name
from django_mcp.providers.templates.reading import Reading, read

#: What may follow the suffix that tells a file's type.
_ENGINE_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tmpl")
_MARKUP = {"text/html", "text/xml", "application/xml"}


class Template(Protocol):
    """A template of any engine."""

    #: Where its file is.
    path: str
    #: What it says of itself.
    reading: Reading

    @property
    def processed(self) -> set[str]:
        """Names that context processors may give it."""

    def render(self, data: dict[str, Any], request: HttpRequest | None) -> str:
        """Return its text."""


def template_named(name: str, mime_type: str = "") -> Template:
    """Find, compile and read a template.

    What it inserts is escaped if its file is HTML or XML, or it is sent as such.

    Raises: ImproperlyConfigured, naming file and line
    """
    markup = is_markup(mime_type_of(name)) or is_markup(mime_type)
    tried: list[str] = []
    for backend in engines.all():
        try:
            if isinstance(backend, DjangoTemplates):
                return DjangoTemplate(backend.engine, name, markup)
            if hasattr(backend, "env"):
                # By name: only who has such templates has the package.
                return jinja_template()(backend, name, markup)  # type: ignore[no-any-return]
        except TemplateDoesNotExist as error:
            if str(error) != name:
                raise ImproperlyConfigured(
                    f"{name}: it needs the template {error}, which does not exist."
                ) from error
            tried += [origin.name for origin, _ in error.tried]
        except UnicodeDecodeError as error:
            raise ImproperlyConfigured(f"{name} is no text in UTF-8.") from error
    places = ", ".join(tried) or "no folder"
    raise ImproperlyConfigured(f"There is no template {name!r} ({places}).")


def jinja_template() -> Callable[..., Any]:
    """Return the class for Jinja2's templates."""
    found: Callable[..., Any] = import_string(
        "django_mcp.providers.templates.jinja.JinjaTemplate"
    )
    return found


class DjangoTemplate:
    """A template in Django's own language."""

    def __init__(self, engine: Engine, name: str, markup: bool) -> None:
        """Raises: TemplateDoesNotExist, ImproperlyConfigured"""
        self._engine = engine
        self._name = name
        self._markup = markup
        try:
            template = engine.get_template(name)
            self.path = template.origin.name
            self.reading = read(template, engine)
        except TemplateSyntaxError as error:
            # Django 6.1 puts the file before its words, which is told already.
            text = getattr(error, "raw_error_message", error)
            raise ImproperlyConfigured(f"{self._where(error)}: {text}") from error

    @cached_property
    def processed(self) -> set[str]:
        """See `Template`."""
        return names_from_processors(self._engine.template_context_processors)

    def render(self, data: dict[str, Any], request: HttpRequest | None) -> str:
        """See `Template`."""
        template = self._engine.get_template(self._name)
        context = make_context(data, request, autoescape=self._markup)
        return template.render(context)[:]

    def _where(self, error: TemplateSyntaxError) -> str:
        """Return file and line of what does not compile."""
        token = getattr(error, "token", None)
        names = getattr(error, "__notes__", [self._name])
        path = self._path_of(names[0])
        return f"{path}:{token.lineno}" if token else path

    def _path_of(self, name: str) -> str:
        loaders: list[Any] = self._engine.template_loaders
        for loader in loaders:
            for origin in loader.get_template_sources(name):
                try:
                    loader.get_contents(origin)
                except TemplateDoesNotExist:
                    continue
                return str(origin.name)
        return name


# -- what a file's name says ---------------------------------------------------


def mime_type_of(name: str) -> str:
    """Return the type of what a template makes, by its file's suffix."""
    for suffix in _ENGINE_SUFFIXES:
        name = name.removesuffix(suffix)
    return type_of_name(name) or "text/plain"


def is_markup(mime_type: str) -> bool:
    """Must what is inserted into such a text be escaped?"""
    kind = mime_type.partition(";")[0].strip().lower()
    return kind in _MARKUP or kind.endswith("+xml")


# -- context processors ----------------------------------------------------------


def names_from_processors(processors: Iterable[Any]) -> set[str]:
    """Return the names that context processors may give.

    They cannot be asked without a request, so their source is: the keys of its
    dictionaries, and a few too many rather than too few.
    """
    return {name for processor in processors for name in _names_from(processor)}


def _names_from(processor: Any) -> set[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(processor)))
    except (OSError, TypeError, SyntaxError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            names.update(_texts(node.keys))
        elif isinstance(node, ast.Subscript):
            names.update(_texts([node.slice]))
        elif isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
    return names


def _texts(nodes: Iterable[ast.expr | None]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
