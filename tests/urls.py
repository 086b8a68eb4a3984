"""The URLconf of the test suite: the default server, mounted as a view."""

from django.urls import path

from django_mcp import mcp

urlpatterns = [path("mcp", mcp.urls)]
