"""Templates in Jinja2's language: text, with the variables it takes.

The only file that imports jinja2. There are no tags for prompts here: what a
template takes are its arguments, and all of it is one message.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, meta, nodes

from django_mcp.providers.templates.engines import names_from_processors
from django_mcp.providers.templates.reading import Reading


class JinjaTemplate:
    """See `django_mcp.providers.templates.engines.Template`."""

    def __init__(self, backend: Any, name: str, markup: bool) -> None:
        """Raises: TemplateDoesNotExist, ImproperlyConfigured"""
        self._name = name
        self._processors = backend.template_context_processors
        # Its own loader and cache, but for what escapes.
        self._env: Environment = backend.env.overlay(autoescape=markup)
        try:
            self.path = self._env.get_template(name).filename or name
            self.reading = read(self._env, name)
        except TemplateNotFound as error:
            raise TemplateDoesNotExist(str(error.name), backend=backend) from error
        except TemplateSyntaxError as error:
            where = error.filename or error.name or name
            raise ImproperlyConfigured(
                f"{where}:{error.lineno}: {error.message}"
            ) from error

    @cached_property
    def processed(self) -> set[str]:
        """See `Template`."""
        return names_from_processors(self._processors)

    def render(self, data: dict[str, Any], request: HttpRequest | None) -> str:
        """See `Template`."""
        values: dict[str, Any] = {}
        if request is not None:
            values["request"] = request
            for processor in self._processors:
                values.update(processor(request))
        return self._env.get_template(self._name).render({**values, **data})


def read(env: Environment, name: str) -> Reading:
    """Read what a template takes, through what it extends and includes.

    Raises: TemplateNotFound, TemplateSyntaxError
    """
    found = Reading()
    known = set(env.globals)
    for path, tree in _trees(env, name, {}, set()):
        bound = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "store"}
        names = meta.find_undeclared_variables(tree)
        lines = {one.name: one.lineno for one in _reversed(tree.find_all(nodes.Name))}
        for one in sorted(names - known, key=lambda name: (lines.get(name, 0), name)):
            found.names.setdefault(one, f"{path}:{lines.get(one, 1)}")
            if one in _choosing(tree):
                found.choosing.setdefault(one, found.names[one])
        found.optional |= _coped(tree)
        # What is included sees the names that are bound around it.
        known |= bound
    return found


def _trees(
    env: Environment, name: str, blocks: dict[str, nodes.Block], seen: set[str]
) -> Iterator[tuple[str, nodes.Template]]:
    """Yield a template and those it is made of, without what is overridden."""
    if name in seen or env.loader is None:
        return
    seen.add(name)
    source, path, _ = env.loader.get_source(env, name)
    tree = env.parse(source, name, path)
    for block in list(tree.find_all(nodes.Block)):
        child = blocks.get(block.name)
        if child is not None and not _calls_super(child):
            block.body = []
        blocks.setdefault(block.name, block)
    yield path or name, tree
    for node in _other_templates(tree):
        if not isinstance(node.template, nodes.Const):
            continue
        other = str(node.template.value)
        if isinstance(node, (nodes.Import, nodes.FromImport)):
            # It sees no variable of ours, but it must compile.
            env.get_template(other)
            continue
        inner = blocks if isinstance(node, nodes.Extends) else {}
        try:
            yield from _trees(env, other, inner, seen)
        except TemplateNotFound:
            if not getattr(node, "ignore_missing", False):
                raise


def _other_templates(tree: nodes.Template) -> Iterator[Any]:
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    return tree.find_all(kinds)


def _choosing(tree: nodes.Template) -> set[str]:
    """Return the names by which templates are chosen when it is rendered."""
    return {
        one.name for node in _other_templates(tree) for one in _names(node.template)
    }


def _calls_super(block: nodes.Block) -> bool:
    calls = block.find_all(nodes.Call)
    return any(getattr(call.node, "name", "") == "super" for call in calls)


def _coped(tree: nodes.Template) -> set[str]:
    """Return the names a template copes without: tested, or with a default."""
    coped: set[str] = set()
    tests: Iterator[Any] = tree.find_all((nodes.If, nodes.CondExpr))
    for test in tests:
        coped.update(one.name for one in _names(test.test))
    named: Iterator[Any] = tree.find_all((nodes.Filter, nodes.Test))
    for node in named:
        if node.name in {"default", "d", "defined", "undefined"} and node.node:
            coped.update(one.name for one in _names(node.node))
    return coped


def _names(node: nodes.Node) -> list[nodes.Name]:
    inner = list(node.find_all(nodes.Name))
    return [node, *inner] if isinstance(node, nodes.Name) else inner


def _reversed(names: Iterator[nodes.Name]) -> list[nodes.Name]:
    """Return names so that the first use of each is the last that counts."""
    return list(names)[::-1]
