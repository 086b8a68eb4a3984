"""The shop in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.login.documents import Documents
from tests.login.names import COMPANY
from tests.processes import running


@contextmanager
def running_shop(
    place: Path,
    documents: Documents | None = None,
    prefix: str = "",
    interface: str = "asgi",
    **settings: dict[str, Any],
) -> Iterator[str]:
    """Serve the shop with a new database below ``place``; give its URL.

    ``settings`` are merged into its settings of the same name; ``documents``
    are what clients publish, and a company; ``prefix`` is a path (``"app/"``) below which it
    stands, with nothing above; ``interface`` may be ``"wsgi"``.
    """
    environment = {
        **os.environ,
        "LOGIN_SETTINGS": json.dumps(settings),
        "LOGIN_PREFIX": prefix,
    }
    if documents is not None:
        environment["SSL_CERT_FILE"] = str(documents.authority)
        environment["LOGIN_COMPANY"] = documents.origin(COMPANY)
    command = [sys.executable, "-m", "tests.login.serve", str(place), interface]
    with running(command, environment) as url:
        yield url
