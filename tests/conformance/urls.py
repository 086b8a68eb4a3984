"""The URLconf of the conformance project: the same server as a Django view."""

from django.urls import path

from django_mcp import mcp

urlpatterns = [path("mcp", mcp.urls)]
