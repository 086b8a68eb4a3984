"""The same server as a view, and a page of the project's own."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_mcp import mcp


def hello(request: HttpRequest) -> HttpResponse:
    """Answer something that is not MCP."""
    return HttpResponse("Hello from Django.")


urlpatterns = [path("view", mcp.urls), path("hello/", hello)]
