"""The shop with one server in front of Django, and the other behind it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.login.settings")
django_application = get_asgi_application()

from django_mcp import mcp  # noqa: E402  (after Django is set up)
from django_mcp.routing import Front  # noqa: E402
from tests.login.settings import PREFIX  # noqa: E402

application = Front(django_application, {f"{PREFIX}mcp": mcp})
