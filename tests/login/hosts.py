"""The names of hosts on the net, and where they lead from here.

The name service is all that is not real: addresses, certificates, sizes, times
and contents are judged as ever. What a client publishes is fetched from public
addresses only, so its name has one, and that address is this machine.
"""

from __future__ import annotations

import socket
from typing import Any

from tests.login.names import CLIENT, COMPANY, HERE

#: A public address at which nobody is (RFC 7535, section 3.1).
PUBLIC = "192.31.196.1"
NAMES = {CLIENT: PUBLIC, COMPANY: HERE, PUBLIC: HERE}

_look_up = socket.getaddrinfo


def lead_here() -> None:
    """Be the name service of this process."""

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        return _look_up(NAMES.get(host, host), *args, **options)

    socket.getaddrinfo = getaddrinfo
