"""How ``mcp.form_tool`` reaches a server: at once, or when it is known how.

``mcp.form_tool(Form)`` may be a whole statement, or stand over a function as
a decorator. Which it is shows when the next line runs, so it waits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django_mcp.declarations import written_at
from django_mcp.primitives import Primitive
from django_mcp.providers.forms.arguments import is_formset
from django_mcp.providers.forms.saving import saves
from django_mcp.providers.forms.tools import check_form, tool_from_form
from django_mcp.schema.formfields import is_secret
from django_mcp.schema.parameters import Function

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

#: The warning about what must not pass a client.
SECRET = "django_mcp.W010"  # noqa: S105  (the id of a check)


def register(
    server: MCPServer, form_class: Any, function: Any, /, **options: Any
) -> Any:
    """Register the tool of a form; return the function, or a decorator.

    Raises: ImproperlyConfigured, AlreadyRegistered
    """
    source = written_at()
    check_form(form_class, source)
    waiting = _Waiting(server, form_class, options, source)
    if function is not None:
        return waiting.decorate(function)
    # A server that is being served builds at once, and a decorator comes later.
    if not server.live or saves(form_class):
        server.declare(waiting.build, source=source)
    return waiting.decorate


class _Waiting:
    """A form whose function may come with the next line."""

    def __init__(
        self,
        server: MCPServer,
        form_class: Any,
        options: Mapping[str, Any],
        source: str,
    ) -> None:
        self._server = server
        self._form_class = form_class
        self._options = options
        self._source = source
        self._saving: list[Primitive] = []
        self._is_decorated = False

    def decorate(self, function: Function) -> Function:
        """Register the tool that runs a function."""
        tool = tool_from_form(self._form_class, function, **self._options)
        self._server.remove(*self._saving)
        self._server.add(tool)
        self._is_decorated = True
        self._warn()
        return function

    def build(self) -> list[Primitive]:
        """Return the tool that saves, if no function came.

        Raises: ImproperlyConfigured
        """
        if self._is_decorated:
            return []
        self._saving = [tool_from_form(self._form_class, **self._options)]
        self._warn()
        return self._saving

    def _warn(self) -> None:
        left_out = self._options.get("exclude", ())
        warn_of_secrets(self._server, self._form_class, self._source, exclude=left_out)


def warn_of_secrets(
    server: MCPServer, form: Any, source: str, *, exclude: Collection[str]
) -> None:
    """Let the checks tell what a form asks for that must not pass a client.

    ``form`` is one, or its class, or the class of a set of forms.
    """
    form = form.form if is_formset(form) else form
    kind = form if isinstance(form, type) else type(form)
    fields = getattr(form, "base_fields" if form is kind else "fields", {})
    for name, field in fields.items():
        if name not in exclude and is_secret(field.widget):
            text = (
                f"{kind.__qualname__}.{name} asks for a secret, which"
                " the client and its model will read."
            )
            server.declarations.warn(text, source, id=SECRET)
