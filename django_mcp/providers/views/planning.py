"""How a view is called as a tool: all that can be decided before it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseRedirectBase
from django.utils.module_loading import import_string

from django_mcp.providers.fields.arguments import Arguments
from django_mcp.providers.forms.arguments import FormArguments, is_form
from django_mcp.providers.views import admins, generic, shown
from django_mcp.providers.views.answers import Reader
from django_mcp.providers.views.arguments import ModelPart, Part, ViewArguments
from django_mcp.providers.views.calling import (
    PlainHandler,
    check_atomic,
    deciding_middleware,
    handler_with,
)
from django_mcp.providers.views.options import NO_EXTRA, ViewOptions, reads_pages
from django_mcp.providers.views.parameters import Path, hints_of
from django_mcp.providers.views.routes import Route
from django_mcp.providers.views.tool import BODY, FIELDS, PAGE, QUERY, ViewCall

_PAGES = "django_mcp.providers.views.pages."
#: Responses that are no pages.
_OTHERWISE = (
    JsonResponse,
    FileResponse,
    StreamingHttpResponse,
    HttpResponseRedirectBase,
)


def call_from_view(
    routes: Sequence[Route], options: ViewOptions, *, source: str
) -> ViewCall:
    """Return what calls a view. Raises: ImproperlyConfigured"""
    view = routes[0].view
    method = _method(view, options, source)
    sent, asked = _forms(view, options, method, source)
    path = Path(routes, view, source=source)
    parts = dict(_form_parts(view, options, sent, asked, source))
    if method == "GET":
        parts |= _page_part(view, {*path.arguments, *_names(parts)})
    through = options.middleware
    if through is None:
        through = bool(deciding_middleware())
    if not through:
        check_atomic(view, source)
    return ViewCall(
        path=path,
        arguments=ViewArguments(path.arguments, parts, source=source),
        method=method,
        reader=_reader(view, options, method, asked, source),
        handler=handler_with(tuple(settings.MIDDLEWARE)) if through else PlainHandler(),
        form_class=sent,
        button=options.button,
        query_form=asked,
        visited=sent is not None and "GET" in generic.methods_of(view),
        blocks=through or not iscoroutinefunction(view),
    )


def _method(view: Any, options: ViewOptions, source: str) -> str:
    sends = options.body is not None or options.form is not None
    method = options.method or generic.method_of(view, sends=sends)
    allowed = generic.methods_of(view)
    if method not in allowed:
        raise ImproperlyConfigured(
            f"{source} does not take {method}, but {', '.join(allowed) or 'nothing'}."
        )
    return method


def _forms(
    view: Any, options: ViewOptions, method: str, source: str
) -> tuple[Any, Any]:
    """Return the form that is sent in the body, and the one in the query."""
    asked = options.query if is_form(options.query) else None
    if method == "GET":
        return None, options.form or asked
    if options.form is not None or options.body is not None:
        return options.form, asked
    return generic.form_class_of(view, source), asked


# -- arguments -------------------------------------------------------------------


def _form_parts(
    view: Any, options: ViewOptions, sent: Any, asked: Any, source: str
) -> Iterator[tuple[str, Part]]:
    if sent is not None:
        sample = generic.sample_form(view, sent)
        # What is not given stays as it is: the page shows the form filled in.
        edits = generic.is_edit(view)
        yield (
            FIELDS,
            FormArguments(
                sample, source=source, exclude=options.exclude, partial=edits
            ),
        )
    if asked is not None:
        left = options.exclude if sent is None else ()
        yield (
            QUERY,
            FormArguments(
                generic.sample_form(view, asked),
                source=source,
                exclude=left,
                method="GET",
            ),
        )
    elif options.query is not None:
        yield QUERY, ModelPart(options.query)
    if options.body is not None:
        yield BODY, ModelPart(options.body)


def _page_part(view: Any, taken: set[str]) -> dict[str, Part]:
    page = generic.page_argument(view)
    free = {name: one for name, one in page.items() if name not in taken}
    return {PAGE: Arguments(free)} if free else {}


def _names(parts: Mapping[str, Part]) -> Iterator[str]:
    for part in parts.values():
        yield from part.schema.get("properties", {})


# -- answers ---------------------------------------------------------------------


def _reader(
    view: Any, options: ViewOptions, method: str, query_form: Any, source: str
) -> Reader:
    objects = _objects(view, method)
    if options.fields and not options.context and objects is None:
        raise ImproperlyConfigured(
            f"{source} shows no list and no object of its own: say with context=[…]"
            " where the objects are whose fields are to be shown."
        )
    readable = reads_pages()
    if not readable and not _answers_otherwise(view, options, objects):
        raise ImproperlyConfigured(f"{source}: {NO_EXTRA}")
    return Reader(
        source=source,
        markdown=import_string(f"{_PAGES}markdown_from") if readable else None,
        page_errors=import_string(f"{_PAGES}errors_in") if readable else None,
        page_form=import_string(f"{_PAGES}form_in") if readable else None,
        answer=options.answer or "",
        context=tuple(options.context),
        fields=tuple(options.fields),
        objects=objects,
        form_class=_class_of_form(query_form),
        only_redirects=method != "GET" and admins.kind_of(view) == admins.DELETE,
    )


def _class_of_form(form: Any) -> Any:
    return form if form is None or isinstance(form, type) else type(form)


def _answers_otherwise(view: Any, options: ViewOptions, objects: Any) -> bool:
    """Is there an answer without a page? Forms redirect, and show their errors."""
    if options.answer or options.context or objects:
        return True
    if generic.is_form_view(view):
        return True
    hint = hints_of(view).get("return")
    return isinstance(hint, type) and issubclass(hint, _OTHERWISE)


def _objects(view: Any, method: str) -> Any:
    if method != "GET":
        return None
    if generic.is_list(view):
        return _listed
    return _single if generic.is_detail(view) else None


def _listed(context: Mapping[str, Any], fields: tuple[str, ...]) -> Any:
    if "object_list" not in context:
        return None
    return shown.listed(context, fields)


def _single(context: Mapping[str, Any], fields: tuple[str, ...]) -> Any:
    found = context.get("object")
    return None if found is None else shown.shown_object(found, fields)
