"""The measured servers, mounted as the documentation says."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
# Before the servers are imported: their tools use models.
django_application = get_asgi_application()

from benchmarks.project import servers  # noqa: E402
from django_mcp import MCPServer  # noqa: E402
from django_mcp.routing import Front  # noqa: E402


def mounted(server: MCPServer) -> Front:
    """Return a project's ASGI application with one server in front."""
    return Front(django_application, {"mcp": server})


#: The same server, as a project that routes with Channels mounts it.
routes = [path("mcp", servers.one.asgi), re_path("", django_application)]
routed = ProtocolTypeRouter({"http": URLRouter(routes)})


one = mounted(servers.one)
few = mounted(servers.few)
many = mounted(servers.many)
guarded = mounted(servers.guarded)
guarded_many = mounted(servers.guarded_many)
