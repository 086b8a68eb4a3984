"""The shop under WSGI, as most projects are served: only its second server."""

from __future__ import annotations

import socket
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection, at a port that is bound already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        address = listener.getsockname()
        super().__init__(address, Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = address
        self.setup_environ()


class Handler(WSGIRequestHandler):
    """Say nothing of each request."""

    def log_message(self, format: str, *args: Any) -> None:
        """The tests ask for what was answered."""


def serve(listener: socket.socket) -> None:
    """Serve until stopped."""
    server = Server(listener)
    server.set_app(get_wsgi_application())
    server.serve_forever()
