"""The conformance project with the server mounted in front of Django."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

from django_mcp import mcp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.conformance.settings")
django_application = get_asgi_application()

application = ProtocolTypeRouter(
    {"http": URLRouter([path("mcp", mcp.asgi), re_path("", django_application)])}
)
