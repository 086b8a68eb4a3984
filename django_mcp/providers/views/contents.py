"""What a response of an API holds that is no data: a file, a page, or text."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string

from django_mcp.providers.views import bodies
from django_mcp.providers.views.bodies import Body
from django_mcp.providers.views.options import reads_pages

#: What stands behind the first part of a text.
CUT = "… (cut here)"


def content_of(response: Any, body: Body) -> Any:
    """Return it as a tool does. Raises: ToolError, for what is too large."""
    if bodies.is_file(response):
        # There is no link in its place: a client has no way to follow it.
        return bodies.file_of(response, body, "")
    text = bodies.text_of(response, body)
    if bodies.is_html(bodies.essence_of(response)) and reads_pages():
        text = import_string("django_mcp.providers.views.pages.markdown_from")(text)
    return text if body.whole else f"{text}\n{CUT}"
