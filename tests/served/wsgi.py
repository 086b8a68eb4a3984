"""The served project under WSGI: ``python -m tests.served.wsgi PORT``."""

import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.served.settings")
application = get_wsgi_application()


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """A thread for each connection, as most WSGI servers have it."""

    daemon_threads = True


if __name__ == "__main__":
    port = int(sys.argv[1])
    make_server("127.0.0.1", port, application, ThreadingServer).serve_forever()
