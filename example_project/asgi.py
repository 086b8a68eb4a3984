"""The bookshop under ASGI: the MCP server stands in front of Django.

Requests for ``/mcp`` never reach Django's handler and its middleware, which
makes them fast and lets thousands of streams stay open. All others do.
"""

import os

from django.core.asgi import get_asgi_application

from django_mcp import mcp
from django_mcp.routing import Front

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

application = Front(get_asgi_application(), {"mcp": mcp})
