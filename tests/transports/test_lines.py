"""Lines in and out of real pipes, whole and in pieces."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest

from django_mcp.transports.lines import CHUNK, Lines, split

PATIENCE = 5
LIMIT = 1000


class Pipes:
    """Both pipes, the client's ends and ours."""

    def __init__(self) -> None:
        self.read_in, self.write_in = os.pipe()
        self.read_out, self.write_out = os.pipe()
        self.gone = threading.Event()
        self.open = {self.read_in, self.write_in, self.read_out, self.write_out}

    def lines(self) -> Lines:
        lines = Lines(self.read_in, self.write_out, LIMIT, gone=self.gone.set)
        lines.start()
        return lines

    def close(self, *descriptors: int) -> None:
        for descriptor in descriptors or tuple(self.open):
            self.open.discard(descriptor)
            os.close(descriptor)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    pipes = Pipes()
    yield pipes
    pipes.close()


def parts(text: bytes, size: int) -> Iterator[bytes]:
    return (text[i : i + size] for i in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, CHUNK])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n \n\r\n", []),
        (b"one\ntwo\n", [b"one", b"two"]),
        (b"one\r\ntwo\r\n", [b"one", b"two"]),
        (b"one\n\n two \nthree", [b"one", b"two", b"three"]),
        (b"x" * 9 + b"\n", [b"x" * 9]),
        (b"x" * 10 + b"\n", [b""]),
        (b"a\n" + b"x" * 50 + b"\nb\n", [b"a", b"", b"b"]),
        (b"a\n" + b"x" * 50, [b"a", b""]),
        (b"\xff\xfe\n\0\n", [b"\xff\xfe", b"\0"]),
    ],
)
def test_lines_are_the_same_in_whatever_pieces_they_come(
    text: bytes, size: int, lines: list[bytes]
) -> None:
    found = [line for ready in split(parts(text, size), 9) for line in ready]
    assert found == lines


def test_a_line_over_the_limit_is_not_held() -> None:
    endless = (b"x" * CHUNK for _ in range(1000))
    assert list(split(endless, LIMIT)) == [[b""]]


async def test_lines_are_read_until_the_client_closes(pipes: Pipes) -> None:
    lines = pipes.lines()
    os.write(pipes.write_in, b"one\ntwo\nthr")
    async with asyncio.timeout(PATIENCE):
        assert await lines.read() == [b"one", b"two"]
        os.write(pipes.write_in, b"ee")
        pipes.close(pipes.write_in)
        assert await lines.read() == [b"three"]
        assert await lines.read() is None
    await lines.flush()
    assert not pipes.gone.is_set()


async def test_messages_are_written_in_order_and_before_the_end(pipes: Pipes) -> None:
    lines = pipes.lines()
    for number in range(100):
        lines.write(b"%d" % number)
    await lines.flush()
    pipes.close(pipes.write_out)
    with os.fdopen(os.dup(pipes.read_out), "rb") as written:
        assert written.read().split() == [b"%d" % number for number in range(100)]
    pipes.close(pipes.write_in)


async def test_a_message_larger_than_a_pipe_passes_whole(pipes: Pipes) -> None:
    lines = pipes.lines()
    lines.write(b"x" * 1_000_000)
    with os.fdopen(os.dup(pipes.read_out), "rb") as written:
        line = await asyncio.to_thread(written.readline)
    assert len(line) == 1_000_001
    await lines.flush()
    pipes.close(pipes.write_in)


async def test_a_client_that_reads_no_more_is_gone(pipes: Pipes) -> None:
    lines = pipes.lines()
    pipes.close(pipes.read_out)
    lines.write(b"hello")
    assert await asyncio.to_thread(pipes.gone.wait, PATIENCE)
    pipes.close(pipes.write_in)
    async with asyncio.timeout(PATIENCE):
        assert await lines.read() is None
    await lines.flush()


async def test_a_client_that_writes_without_end_has_to_wait(pipes: Pipes) -> None:
    lines = pipes.lines()
    os.set_blocking(pipes.write_in, False)
    sent, waits = 0, 0
    async with asyncio.timeout(PATIENCE):
        while waits < 20:  # nobody reads `lines`
            try:
                sent += os.write(pipes.write_in, b"0123456789\n" * 1000)
                waits = 0
            except BlockingIOError:
                waits += 1
                await asyncio.sleep(0.01)
        assert sent < 10_000_000
        pipes.close(pipes.write_in)
        while await lines.read() is not None:
            pass
    await lines.flush()
