"""Declare templates on a server, so that they are read when it is first served.

What can be refused at once is refused at the call. A template that cannot be
served is a mistake that the checks tell, and keeps nothing else back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import signature
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from django_mcp.declarations import Mistake, written_at
from django_mcp.primitives import Primitive
from django_mcp.providers.functions import primitive_fields
from django_mcp.providers.templates.discovery import names_in
from django_mcp.providers.templates.extra import Extra
from django_mcp.providers.templates.prompts import Renders, TemplatePrompt
from django_mcp.providers.templates.resources import TemplateResource

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

Made = tuple[Primitive, Iterable[str]]


def prompt_template(server: MCPServer, template: str, /, **options: Any) -> None:
    """Declare the prompt that a template is. Raises: ImproperlyConfigured, TypeError"""
    _check_name(template, 'prompt_template("shop/prompts/review.md")')
    _check_options(template, **options)
    server.templates.add(template)
    _declare_prompt(server, template, written_at(), options)


def prompt_templates(server: MCPServer, folder: str, /, **options: Any) -> None:
    """Declare the prompts of a folder. Raises: ImproperlyConfigured, TypeError"""
    _check_name(folder, 'prompt_templates("shop/prompts")')
    unfit = {"name", "title", "description"} & options.keys()
    if unfit:
        raise TypeError(f"The prompts of a folder cannot share {', '.join(unfit)}.")
    _check_options(folder, **options)
    # Which they are is known later, and that they are its own from now on.
    server.templates.add(f"{folder.rstrip('/')}/")
    source = written_at()

    def build() -> Iterable[Primitive]:
        names = names_in(folder)
        if not names:
            _blame(server, source, f"There is no template in {folder!r}.")
        for name in names:
            if name not in server.templates:
                server.templates.add(name)
                _declare_prompt(server, name, source, options)
        return ()

    server.declare(build, source=source)


def discovered_template(
    server: MCPServer, others: Iterable[MCPServer], name: str, path: str
) -> None:
    """Declare a prompt that was found, unless the project did so on any server."""
    folders = [f"{folder}/" for folder in PurePosixPath(name).parents]
    for one in (server, *others):
        if not one.templates.isdisjoint([name, *folders]):
            return
    server.templates.add(name)
    _declare_prompt(server, name, path, {})


def resource_template(
    server: MCPServer, uri: str, /, template: str, **options: Any
) -> None:
    """Declare a resource of a template. Raises: ImproperlyConfigured, TypeError"""
    call = 'resource_template("shop://hours", template="shop/hours.md")'
    _check_name(uri, call)
    _check_name(template, call)
    resource = TemplateResource(uri, template, **options)
    _declare(server, resource.primitive, written_at())


def _declare_prompt(
    server: MCPServer, name: str, source: str, options: dict[str, Any]
) -> None:
    def make() -> Made:
        prompt = TemplatePrompt(server, name, **options)
        return prompt.prompt(), prompt.warnings()

    _declare(server, make, source)


def _declare(server: MCPServer, make: Callable[[], Made], source: str) -> None:
    def build() -> Iterable[Primitive]:
        try:
            primitive, warnings = make()
        except ImproperlyConfigured as error:
            _blame(server, source, str(error))
            return ()
        for text in warnings:
            server.declarations.warn(text, source, id="django_mcp.W008")
        return (primitive,)

    server.declare(build, source=source)


def _blame(server: MCPServer, source: str, text: str) -> None:
    server.declarations.mistakes.append(Mistake(text, source, id="django_mcp.E016"))


def _check_name(name: Any, example: str) -> None:
    if not isinstance(name, str) or not name:
        raise TypeError(f"Templates are named by a text: mcp.{example}.")


def _check_options(
    template: str, /, *, context: Any = None, complete: Any = None, **options: Any
) -> None:
    """Raises: ImproperlyConfigured, TypeError"""
    known = signature(primitive_fields).parameters
    unknown = options.keys() - known.keys() | options.keys() & {"function"}
    if unknown:
        raise TypeError(f"A prompt has no option {', '.join(sorted(unknown))}.")
    primitive_fields(Renders(template), **options)
    Extra(context)
