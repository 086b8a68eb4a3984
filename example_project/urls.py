"""The bookshop's pages, the admin, and MCP for servers without ``asgi.py``."""

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from django_mcp import mcp

urlpatterns = [
    path("admin/", admin.site.urls),
    path("mcp", mcp.urls),
    path("shop/", include("example_project.shop.urls")),
    *staticfiles_urlpatterns(),
]
