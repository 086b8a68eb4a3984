"""What an idle ``subscriptions/listen`` stream costs in memory.

A thousand of them, beside a thousand event streams of a raw ASGI function on
the same server: the difference is the package's own.
"""

import contextlib
import socket
import time
from collections.abc import Iterator

from benchmarks import messages
from benchmarks.http import EMPTY
from benchmarks.processes import Server, uvicorn
from benchmarks.report import Goal, Report

try:
    import resource
except ImportError:  # no such limits on this system
    resource = None  # type: ignore[assignment]

WARM = 50
#: A stream that has not begun after this many seconds never will.
TIMEOUT = 10.0
_FILTER = {"notifications": {"toolsListChanged": True}}


def _allow_sockets(count: int) -> None:
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _open(stack: contextlib.ExitStack, port: int, number: int) -> socket.socket:
    """Open one stream and wait for its first event."""
    stream = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    stack.enter_context(contextlib.closing(stream))
    body = messages.stateless("subscriptions/listen", _FILTER, number)
    headers = messages.headers("subscriptions/listen")
    stream.sendall(messages.http_request("/mcp", headers, body))
    data = b""
    while b"data:" not in data:
        received = stream.recv(65536)
        assert received, data
        data += received
    assert b" 200 " in data.split(b"\r\n")[0], data
    return stream


def _cost(server: Server, count: int) -> float:
    """Return the bytes of one of so many streams."""
    with contextlib.ExitStack() as stack:
        for number in range(WARM):
            _open(stack, server.port, number)
    time.sleep(1)  # the server notices that they are gone
    before = server.memory()
    with contextlib.ExitStack() as stack:
        for number in range(count):
            _open(stack, server.port, number)
        time.sleep(1)  # what opening them needed for a moment is freed
        return (server.memory() - before) / count


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure both servers."""
    count = 100 if quick else 1000
    _allow_sockets(count)
    costs = {}
    for name, target, environment in (
        ("floor: raw event stream", "benchmarks.floors:stream", EMPTY),
        ("django_mcp: subscriptions/listen", "benchmarks.project.asgi:one", {}),
    ):
        with uvicorn(name, target, environment=environment) as server:
            costs[name] = _cost(server, count) / 1024
    report = Report(
        title=f"{count:,} idle streams",
        columns=("server", "KiB per stream"),
        rows=[(name, f"{cost:.1f}") for name, cost in costs.items()],
    )
    floor, ours = costs.values()
    report.goals.append(
        Goal(
            what="a stream beyond the server's own cost per connection",
            value=ours - floor,
            limit=20,
            unit="KiB",
        )
    )
    yield report
