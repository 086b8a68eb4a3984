"""Loads an HTTP server over raw sockets, and checks every answer.

Each lane is one keep-alive connection with one message of its own that it
sends again and again. The first answer of a lane is read as HTTP and checked
by meaning; later ones must be of the same length and the same body. So the
client costs little, and a wrong answer still ends the run.
"""

import socket
import time
from collections.abc import Callable

from benchmarks.messages import Pairs, http_request

TIMEOUT = 10.0


class Lane:
    """One connection that repeats one message."""

    def __init__(self, port: int, request: bytes, check: Callable[[bytes], None]):
        self.request = request
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        head, self.body = self._first()
        check(self.body)
        self.size = len(head) + len(self.body)
        self.buffer = bytearray(self.size + 1)
        self.view = memoryview(self.buffer)

    def _first(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        assert b" 200 " in lines[0], data
        lengths = [line[15:] for line in lines if line.startswith(b"content-length:")]
        assert lengths, f"No content-length in {head!r}"
        length = int(lengths[0])
        while len(body) < length:
            body += self._some()
        assert len(body) == length
        return head + b"\r\n\r\n", body

    def _some(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "The server closed the connection"
        return data

    def send(self) -> None:
        """Send the message once more."""
        self.socket.sendall(self.request)

    def receive(self) -> None:
        """Wait for its answer, which must be the one known already."""
        got = 0
        while got < self.size:
            received = self.socket.recv_into(self.view[got:])
            assert received, "The server closed the connection"
            got += received
        assert got == self.size, "An answer is longer than the first"
        body = self.view[self.size - len(self.body) : self.size]
        assert body == self.body, "An answer differs from the first"


class Load:
    """Several lanes to one server."""

    def __init__(
        self,
        port: int,
        headers: Pairs,
        bodies: list[bytes],
        check: Callable[[int, bytes], None],
    ) -> None:
        def checker(lane: int) -> Callable[[bytes], None]:
            return lambda body: check(lane, body)

        self.lanes = [
            Lane(port, http_request("/mcp", headers, body), checker(lane))
            for lane, body in enumerate(bodies)
        ]

    def run(self, seconds: float) -> tuple[int, float]:
        """Keep every lane busy; return the answers and the seconds it took."""
        count = 0
        start = time.perf_counter()
        end = start + seconds
        for lane in self.lanes:
            lane.send()
        while time.perf_counter() < end:
            for lane in self.lanes:
                lane.receive()
                lane.send()
            count += len(self.lanes)
        for lane in self.lanes:
            lane.receive()
        return count + len(self.lanes), time.perf_counter() - start

    def close(self) -> None:
        """Close the connections."""
        for lane in self.lanes:
            lane.socket.close()
