"""Another server is asked in private, briefly, and only where the settings say."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from django_mcp.auth import fetching
from django_mcp.auth.fetching import Unreachable, fetch_json, is_safe
from tests.auth.issuing import Remote, remote


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/keys", True),
        ("https://id.example:8443", True),
        ("http://localhost:8080/keys", True),
        ("http://127.0.0.1/keys", True),
        ("http://127.8.0.1/keys", True),
        ("http://[::1]:8080/keys", True),
        ("http://id.example/keys", False),
        ("http://localhost.id.example/keys", False),
        ("http://169.254.169.254/latest", False),
        ("https://user:password@id.example", False),
        ("https://id.example:x", False),
        ("https://[bad", False),
        ("https:///keys", False),
        ("file:///etc/passwd", False),
        ("ftp://localhost/keys", False),
        ("id.example/keys", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_only_https_leaves_the_machine(url: Any, safe: bool) -> None:
    assert is_safe(url) == safe


def test_what_is_not_safe_is_not_asked() -> None:
    with pytest.raises(Unreachable, match="neither https nor"):
        fetch_json("http://id.example/keys")


def test_an_object_is_fetched(other: Remote) -> None:
    other.answers["/keys"] = {"keys": []}
    assert fetch_json(f"{other.url}/keys") == {"keys": []}
    assert other.bodies == [b""]


def test_a_body_is_posted(other: Remote) -> None:
    other.answers["/ask"] = lambda body: {"said": body.decode()}
    assert fetch_json(f"{other.url}/ask", body=b"token=x") == {"said": "token=x"}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no json",
        b"[]",
        b"7",
        b'{"keys": [}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": "' + b"x" * fetching.MAX_ANSWER + b'"}',
        (404, {}, b'{"keys": []}'),
        (201, {}, b'{"keys": []}'),
        (500, {}, b""),
        (200, {"content-length": "100"}, b'{"keys": []'),
        (200, {"content-length": "many"}, b'{"keys": []'),
        (200, {"content-encoding": "gzip"}, b"\x1f\x8b"),
    ],
    ids=range(14),
)
def test_what_is_no_object_is_no_answer(other: Remote, answer: Any) -> None:
    other.answers["/keys"] = answer
    with pytest.raises(Unreachable):
        fetch_json(f"{other.url}/keys")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(other: Remote, status: int) -> None:
    other.answers["/keys"] = (status, {"location": f"{other.url}/inside"}, b"")
    other.answers["/inside"] = {"keys": []}
    with pytest.raises(Unreachable, match=f"status {status}"):
        fetch_json(f"{other.url}/keys")
    assert other.asked == ["/keys"]


def test_who_does_not_listen_cannot_be_reached() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch_json(f"http://127.0.0.1:{port}/keys")


def test_who_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/keys"
        began = time.monotonic()
        with pytest.raises(Unreachable):
            fetch_json(url, timeout=0.2)
    assert time.monotonic() - began < 2


def test_an_answer_in_drops_is_not_read_to_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        began = time.monotonic()
        with pytest.raises(Unreachable, match="too long"):
            fetch_json(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.3)
        assert time.monotonic() - began < 2
        dripping.join()


def drip(server: socket.socket) -> None:
    """Answer a byte at a time, until nobody listens any more."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)


def test_a_proxy_of_the_environment_sees_only_what_is_encrypted(
    other: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("https_proxy", other.url)
    fetching._opener.cache_clear()
    try:
        with remote() as asked:
            asked.answers["/keys"] = {"keys": []}
            assert fetch_json(f"{asked.url}/keys") == {"keys": []}
        assert other.asked == []
        with pytest.raises(Unreachable):
            fetch_json("https://id.example/keys")  # it refuses to make a tunnel
    finally:
        fetching._opener.cache_clear()
