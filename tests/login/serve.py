"""Serve the shop until stopped: ``python -m tests.login.serve PLACE [asgi|wsgi]``.

Makes its database below PLACE, and prints its URL: a free port is bound before
that, so whoever reads the line may connect at once.
"""

from __future__ import annotations

import os
import socket
import sys

import django
import uvicorn
from django.core.management import call_command

from tests.login import wsgi
from tests.login.hosts import lead_here
from tests.login.names import HERE


def main(place: str, interface: str = "asgi") -> None:
    """Bind, migrate, print the URL, serve."""
    listener = socket.create_server((HERE, 0))
    origin = f"http://{HERE}:{listener.getsockname()[1]}"
    url = f"{origin}/{os.environ.get('LOGIN_PREFIX', '')}".rstrip("/")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.login.settings"
    os.environ["LOGIN_ORIGIN"] = origin
    os.environ["LOGIN_PLACE"] = place
    django.setup()
    _prepare()
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    {"asgi": serve_asgi, "wsgi": wsgi.serve}[interface](listener)


def serve_asgi(listener: socket.socket) -> None:
    """Serve both servers, in front of Django and behind it."""
    config = uvicorn.Config(
        "tests.login.asgi:application",
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _prepare() -> None:
    """Make the database, with who is in it, and lead names of hosts here."""
    # It imports models, which the settings must come before.
    from tests.login.people import settle

    call_command("migrate", verbosity=0)
    settle()
    lead_here()


if __name__ == "__main__":
    main(*sys.argv[1:])
