"""One call of a view's tool: arguments, request, view, answer.

A view with a form is visited twice, as by a person: for the page that shows
the form, with what it holds already, and to send it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.urls import ResolverMatch
from pydantic_core import to_json

from django_mcp.exceptions import ToolError
from django_mcp.providers.forms.arguments import is_formset
from django_mcp.providers.forms.posting import posted, posted_files
from django_mcp.providers.views import bodies
from django_mcp.providers.views.answers import Reader
from django_mcp.providers.views.arguments import PATH, ViewArguments, query_from
from django_mcp.providers.views.calling import (
    MiddlewareHandler,
    PlainHandler,
    refusals,
    undisturbed,
)
from django_mcp.providers.views.filling import (
    Shown,
    blank_form,
    shown_form,
    shown_sets,
)
from django_mcp.providers.views.generic import is_form_view
from django_mcp.providers.views.parameters import Path
from django_mcp.providers.views.redirects import is_redirect, target_of
from django_mcp.providers.views.requests import (
    FORM,
    JSON,
    Sent,
    ViewRequest,
    request_for,
)

if TYPE_CHECKING:
    from django_mcp.context import Context

Values = dict[str, Any]
#: The parts of a tool's arguments, beside those of the path.
QUERY, FIELDS, BODY, PAGE = "query", "form", "body", "page"
_NO_FORM = "There is no form to send."
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCall:
    """Calls a view as a tool."""

    path: Path
    arguments: ViewArguments
    method: str
    reader: Reader
    handler: PlainHandler | MiddlewareHandler
    form_class: Any = None
    query_form: Any = None
    #: The name of the button that sends the form, if it has several.
    button: str = ""
    #: Whether the page that shows the form is fetched before it is sent.
    visited: bool = False
    #: Whether calling it may block.
    blocks: bool = True

    def call(self, context: Context, values: Values) -> Any:
        """Call the view. May block."""
        taken, path, match = self._place(values)
        with undisturbed(), refusals(path):
            before, form = None, None
            if self.visited:
                before, form = self._shown_form(context, path, match)
            request = request_for(context, self._sent(path, taken, form), before)
            response = self.handler.respond(request, match)
            return self.reader.read(request, response, match.func)

    async def acall(self, context: Context, values: Values) -> Any:
        """Call an asynchronous view, here; all that may block elsewhere."""
        taken, path, match = self._place(values)
        with undisturbed(), refusals(path):
            before, form = None, None
            if self.visited:
                before, form = await self._ashown_form(context, path, match)
            if self.form_class is None and self.query_form is None:
                sent = self._sent(path, taken, None)
            else:
                sent = await context.cross(self._sent, path, taken, form)
            request = request_for(context, sent, before)
            response, body = await self._arespond(request, match)
            read = self.reader.read
            return await context.cross(read, request, response, match.func, body)

    # -- parts -------------------------------------------------------------------

    def _place(self, values: Values) -> tuple[dict[str, Values], str, ResolverMatch]:
        taken = self.arguments.taken(values)
        path, match = self.path.match(taken[PATH])
        return taken, path, match

    async def _arespond(self, request: ViewRequest, match: ResolverMatch) -> Any:
        response: Any = await PlainHandler().arespond(request, match)
        if response.streaming and response.is_async:
            return response, await bodies.abody_of(response)
        return response, None

    def _sent(self, path: str, taken: Mapping[str, Values], form: Shown | None) -> Sent:
        """Return what a browser would send."""
        sent = partial(Sent, method=self.method, path=path, query=self._query(taken))
        if BODY in taken:
            return sent(body=to_json(taken[BODY]), content_type=JSON)
        if self.form_class is None:
            return sent(content_type="" if self.method == "GET" else FORM)
        form = form or Shown(form=blank_form(self.form_class))
        post = form.filled(taken[FIELDS], self.button)
        files = posted_files(form.form, taken[FIELDS])
        if files:
            return sent(content_type=_MULTIPART, post=post, files=files)
        return sent(body=post.urlencode().encode(), content_type=FORM)

    def _query(self, taken: Mapping[str, Values]) -> str:
        if self.query_form is not None:
            page = query_from(taken.get(PAGE, {}))
            form = blank_form(self.query_form)
            texts = [posted(form, taken[QUERY]).urlencode(), page.urlencode()]
            return "&".join(filter(None, texts))
        asked = {**taken.get(QUERY, {}), **taken.get(PAGE, {})}
        return query_from(asked).urlencode() if asked else ""

    # -- the page that shows the form ----------------------------------------------

    def _shown_form(
        self, context: Context, path: str, match: ResolverMatch
    ) -> tuple[ViewRequest, Shown | None]:
        request = request_for(context, Sent(method="GET", path=path))
        response = self.handler.respond(request, match)
        return request, self._form_in(request, response, match)

    async def _ashown_form(
        self, context: Context, path: str, match: ResolverMatch
    ) -> tuple[ViewRequest, Shown | None]:
        request = request_for(context, Sent(method="GET", path=path))
        response, _ = await self._arespond(request, match)
        form = await context.cross(self._form_in, request, response, match)
        return request, form

    def _form_in(
        self, request: ViewRequest, response: Any, match: ResolverMatch
    ) -> Shown | None:
        """Return the form of a page. Who may not see it may not send it."""
        if response.status_code == 405:
            bodies.close(response)
            return None
        context = getattr(response, "context_data", None)
        form = shown_form(context, self.form_class)
        if form is not None and response.status_code < 300:
            page = self.reader.form_in(response, form)
            bodies.close(response)
            return Shown(form=form, beside=shown_sets(context, form), page=page)
        self.reader.check(request, response, match.func)
        if is_redirect(response) and is_form_view(match.func):
            # Whoever is led elsewhere has no form to send.
            words = f"{_NO_FORM} It goes on at {target_of(response)}"
            raise ToolError("\n".join([*self.reader.said(request), words]))
        form = blank_form(self.form_class)
        page = None if is_formset(form) else self.reader.form_in(response, form)
        bodies.close(response)
        return Shown(form=form, page=page, known=page is None)
