"""The served project with the server mounted in front of Django's own handler."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.served.settings")
django_application = get_asgi_application()

from django_mcp import mcp  # noqa: E402  (after Django is set up)
from tests.served.mcp import broken, lasting  # noqa: E402

routes = [
    path("mcp", mcp.asgi),
    path("lasting", lasting.asgi),
    path("broken", broken.asgi),
    re_path("", django_application),
]
application = ProtocolTypeRouter(
    {"http": URLRouter(routes), "lifespan": lasting.asgi},
)
