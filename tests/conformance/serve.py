"""Serve the conformance project over HTTP until stopped: one uvicorn worker.

The first line on stdout is the URL. The port is bound before it is printed,
so whoever reads the line may connect at once: connections wait in the queue.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys

import uvicorn

#: How the server is mounted, to the application that mounts it so.
MOUNTS = {
    "asgi": "tests.conformance.asgi:application",
    "view": "tests.conformance.asgi_view:application",
}


def main() -> None:
    """Bind, print the URL, serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0: any free port")
    parser.add_argument("--mount", choices=sorted(MOUNTS), default="asgi")
    options = parser.parse_args()

    listener = socket.create_server((options.host, options.port))
    sys.stdout.write(f"http://{options.host}:{listener.getsockname()[1]}/mcp\n")
    sys.stdout.flush()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.conformance.settings")
    # Streams end when the client leaves; a stop must not wait for that.
    config = uvicorn.Config(
        MOUNTS[options.mount],
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
