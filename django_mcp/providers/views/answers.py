"""From a view's response to the value of its tool.

Refusals are raised, so that what the caller may read is decided where it is
for every tool. Nothing is followed, and nothing is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from pydantic_core import to_json

from django_mcp.content import Result
from django_mcp.exceptions import ToolError
from django_mcp.providers.views import admins, bodies, redirects, shown
from django_mcp.providers.views.bodies import Body
from django_mcp.providers.views.calling import ViewFailed
from django_mcp.providers.views.filling import PageForm, errors_of, kinds_of
from django_mcp.providers.views.requests import ViewRequest
from django_mcp.schema.errors import ArgumentErrors

#: What a view may promise to answer with.
ANSWERS = ("html", "json", "text", "file")
_SAFE = {"GET", "HEAD"}
_NO_LIST = "There is no such page of the list, or it cannot be filtered like this."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads the responses of one view."""

    source: str
    #: Turns pages into Markdown, and finds the errors they show.
    markdown: Callable[[str], str] | None = None
    page_errors: Callable[[str], list[str]] | None = None
    #: Finds a form in a page, by the names and types of its controls.
    page_form: Callable[[str, Mapping[str, str]], PageForm | None] | None = None
    #: What was promised; nothing else is a good answer.
    answer: str = ""
    #: Names of context variables that are the answer.
    context: tuple[str, ...] = ()
    #: Names of fields of the objects in the context.
    fields: tuple[str, ...] = ()
    #: Makes data of the context of a generic view.
    objects: Callable[[Mapping[str, Any], tuple[str, ...]], Any] | None = None
    #: The form whose errors count in the answer to a GET, too.
    form_class: Any = None
    #: Whether a page says that nothing was done: else there is a redirect.
    only_redirects: bool = False

    def read(
        self,
        request: ViewRequest,
        response: Any,
        view: Any,
        body: Body | None = None,
    ) -> Any:
        """Return the value of the tool, and close the response. May block.

        ``body`` is what was read of it already.
        Raises: ArgumentErrors, ToolError, PermissionDenied, ViewFailed
        """
        try:
            return self._value(request, response, view, body)
        finally:
            bodies.close(response)

    def check(self, request: ViewRequest, response: Any, view: Any) -> None:
        """Refuse what a response refuses, whatever else is in it. May block.

        Raises: ToolError, PermissionDenied, ViewFailed
        """
        status = response.status_code
        if status >= 500 or status < 200:
            raise ViewFailed(f"{self.source} answered {status} at {request.path}")
        if redirects.is_redirect(response):
            redirects.check_login(request, response, view)
        elif status >= 400:
            raise self._refusal(request, response)

    def form_in(self, response: Any, form: Any) -> PageForm | None:
        """Return a form as it stands in a page, if it does. May block."""
        if self.page_form is None or response.status_code != 200 or response.streaming:
            return None
        if not bodies.is_html(bodies.essence_of(response)):
            return None
        html = bodies.text_of(response, bodies.body_of(_rendered(response)))
        return self.page_form(html, kinds_of(form))

    def said(self, request: ViewRequest) -> list[str]:
        """Return what the view said to the person."""
        return request._messages.said(self.markdown)

    def takes_context(self, response: Any) -> bool:
        """Is the answer to be found before the template is rendered?"""
        return bool(self.context or self.fields or self.markdown is None)

    def _value(
        self, request: ViewRequest, response: Any, view: Any, body: Body | None
    ) -> Any:
        context = getattr(response, "context_data", None)
        if 200 <= response.status_code < 500:
            self._check_forms(request, context)
        self.check(request, response, view)
        if redirects.is_redirect(response):
            if admins.gives_up(view, redirects.target_of(response)):
                raise ToolError(_NO_LIST)
            return redirects.redirected(
                response,
                self.said(request),
                done=request.method not in _SAFE,
                failed=request._messages.complain(),
            )
        data = self._data(response, context)
        if data is not None and self.takes_context(response):
            return self._with_messages(Result(structured=data), request)
        value = self._content(request, response, body)
        if data is not None and isinstance(value, str):
            value = Result(value, structured=data)
        if self.only_redirects and isinstance(value, str):
            raise ToolError(value)
        return self._with_messages(value, request)

    def _check_forms(self, request: ViewRequest, context: Any) -> None:
        """Raises: ArgumentErrors"""
        safe = request.method in _SAFE
        if safe and self.form_class is None:
            return
        # A search form beside the one that was sent is bound to the query.
        kind, beside = (self.form_class, None) if safe else (None, request.GET)
        lines = errors_of(context, kind, beside)
        if lines:
            raise ArgumentErrors(lines)

    def _data(self, response: Any, context: Any) -> Any:
        """Return what the context says, if anything of it is asked for."""
        if self.context:
            if context is None:
                raise ViewFailed(
                    f"{self.source} answers with no TemplateResponse, whose context"
                    " could be read."
                )
            missing = [name for name in self.context if name not in context]
            if missing:
                raise ViewFailed(
                    f"The context of {self.source} has no {', '.join(missing)}."
                )
            return {
                name: shown.shown(context[name], self.fields) for name in self.context
            }
        if self.objects is not None and context is not None:
            return self.objects(context, self.fields)
        return None

    def _with_messages(self, value: Any, request: ViewRequest) -> Any:
        """Add what the view said to the person, and its page did not show."""
        shown_text = value if isinstance(value, str) else ""
        said = [one for one in self.said(request) if one not in shown_text]
        if not said:
            return value
        if isinstance(value, Result):
            texts = value.content or (to_json(value.structured).decode(),)
            return Result(*said, *texts, structured=value.structured)
        if value is None or isinstance(value, str):
            return "\n\n".join([*said, *filter(None, [value])])
        return [*said, value]

    # -- what is in the body -----------------------------------------------------

    def _content(self, request: ViewRequest, response: Any, body: Body | None) -> Any:
        essence = bodies.essence_of(response)
        body = body or bodies.body_of(_rendered(response))
        self._check_promise(essence, response)
        if bodies.is_json(essence):
            return bodies.data_of(body)
        if bodies.is_file(response):
            address = request.build_absolute_uri() if request.method in _SAFE else ""
            return bodies.file_of(response, body, address)
        text = bodies.text_of(response, body)
        if bodies.is_html(essence):
            return self._page(request, text)
        if not body.whole:
            text += "\n… (cut here)"
        return text

    def _check_promise(self, essence: str, response: Any) -> None:
        kinds = {
            "html": bodies.is_html(essence),
            "json": bodies.is_json(essence),
            "text": essence.startswith("text/") and not bodies.is_html(essence),
            "file": not bodies.is_html(essence),
        }
        empty = not response.streaming and not response.content
        if self.answer and not empty and not kinds[self.answer]:
            raise ViewFailed(
                f"{self.source} answers with {essence}, not {self.answer}."
            )

    def _page(self, request: ViewRequest, html: str) -> str | None:
        if not html.strip():
            return None
        if self.markdown is None or self.page_errors is None:
            raise ViewFailed(
                f"{self.source} answers with a page: install"
                " django-mcp-channels[html] to read it."
            )
        if request.method not in _SAFE and (lines := self.page_errors(html)):
            raise ArgumentErrors(lines)
        return self.markdown(html)

    def _refusal(self, request: ViewRequest, response: Any) -> Exception:
        """Return what a 4xx response says."""
        words = self._words(request, response)
        if response.status_code == 405:
            allowed = response.headers.get("Allow", "")
            words = f"The view does not take {request.method}, but {allowed}."
        if not words and response.status_code == 403:
            return PermissionDenied()
        return ToolError(words or f"{response.reason_phrase}.")

    def _words(self, request: ViewRequest, response: Any) -> str:
        essence = bodies.essence_of(response)
        body = bodies.body_of(_rendered(response))
        text = bodies.text_of(response, body).strip()
        if bodies.is_html(essence):
            # Most small answers call themselves HTML and are a sentence.
            if "<" not in text:
                return text
            return self.markdown(text) if self.markdown is not None else ""
        return text if essence.startswith("text/") or bodies.is_json(essence) else ""


def _rendered(response: Any) -> Any:
    """Render a response that waits for it."""
    if getattr(response, "is_rendered", True) is False:
        response.render()
    return response
