"""What headers say, apart from any message."""

from __future__ import annotations

import base64
from dataclasses import astuple
from typing import Any

import pytest

from django_mcp.protocol.errors import HEADER_MISMATCH, ProtocolError
from django_mcp.protocol.headers import (
    Headers,
    check_params,
    decoded,
    repeats,
)
from django_mcp.protocol.messages import CAPABILITIES_KEY, VERSION_KEY
from django_mcp.protocol.stateless import _known_route, asked_alone

META: dict[str, Any] = {VERSION_KEY: "2026-07-28", CAPABILITIES_KEY: {}}


def encoded(text: str) -> bytes:
    return b"=?base64?" + base64.b64encode(text.encode()) + b"?="


def media_of(*, accept: bytes | None = None, content_type: bytes = b"") -> Any:
    pairs = [(b"content-type", content_type)]
    return Headers(pairs if accept is None else [*pairs, (b"accept", accept)]).media


def test_headers_remember_what_came_twice() -> None:
    headers = Headers([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert headers.repeated == {b"a"}
    assert headers[b"b"] == b"2"
    assert Headers([(b"a", b"1")]).repeated == frozenset()


def test_long_headers_are_not_remembered() -> None:
    long = b"x" * 100_000
    assert not media_of(accept=long + b", application/json").takes_json
    assert media_of(accept=b"application/json, " + long).takes_json
    assert not media_of(content_type=b"application/json; a=" + long).is_json


def test_several_accept_headers_are_one_list() -> None:
    headers = Headers([(b"accept", b"application/json"), (b"accept", b"text/*")])
    assert (headers.media.takes_json, headers.media.takes_stream) == (True, True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (True, True, False)),
        (b"", (False, False, False)),
        (b"*/*", (True, True, False)),
        (b"application/json, text/event-stream", (True, True, False)),
        (b"text/event-stream, application/json", (True, True, True)),
        (b"application/*", (True, False, False)),
        (b"text/*", (False, True, True)),
        (b"APPLICATION/JSON ; Q=0.5 , text/event-stream", (True, True, True)),
        (b"application/json;q=0, */*", (False, True, True)),
        (b"application/json, text/event-stream;q=0.0", (True, False, False)),
        (b"*/*;q=0", (False, False, False)),
        (b"text/html, application/xhtml+xml", (False, False, False)),
        (b"application/json;q=loud", (True, False, False)),
        (b",;,;q=1;", (False, False, False)),
        (b"text/html," * 40 + b"application/json", (False, False, False)),
    ],
)
def test_accept_is_read_with_its_weights(header: Any, expected: Any) -> None:
    assert astuple(media_of(accept=header))[1:] == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"application/json", True),
        (b" Application/JSON ;charset=utf-8", True),
        (b'application/json; charset="utf8"', True),
        (b"application/json; profile=x", True),
        (b"application/json; charset=utf-16", False),
        (b"application/jsonl", False),
        (b"text/json", False),
        (b"", False),
        (b";", False),
    ],
)
def test_a_content_type_is_json_or_not(header: bytes, expected: bool) -> None:
    assert media_of(content_type=header).is_json is expected


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"add", "add"),
        (b"\t add ", "add"),
        (b"", ""),
        (encoded("café"), "café"),
        (encoded(" padded "), " padded "),
        (encoded("line\nbreak"), "line\nbreak"),
        (encoded("=?base64?x?="), "=?base64?x?="),
        (b"=?base64??=", ""),
        (b"=?BASE64?YWRk?=", "=?BASE64?YWRk?="),
        (b"=?base64?", "=?base64?"),
    ],
)
def test_a_value_comes_out_of_its_wrapping(header: bytes, text: str) -> None:
    assert decoded("Mcp-Name", header) == text


@pytest.mark.parametrize(
    "header",
    [
        "café".encode(),
        "café".encode("latin-1"),
        b"a\x00b",
        b"a\nb",
        b"a\x7f",
        b"=?base64?Y W R k?=",
        b"=?base64?_-_-?=",
        b"=?base64?/w==?=",
    ],
)
def test_a_value_that_cannot_be_read_is_a_mismatch(header: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        decoded("Mcp-Name", header)
    assert caught.value.code == HEADER_MISMATCH
    assert "Mcp-Name" in caught.value.message


@pytest.mark.parametrize(
    ("header", "name", "same"),
    [
        (b"add", "add", True),
        (b" add", "add", True),
        (b"ADD", "add", False),
        (encoded("add"), "add", True),
        (encoded("café"), "café", True),
        (b"=?base64?YWRk?=", "=?base64?YWRk?=", False),
        (encoded("=?base64?YWRk?="), "=?base64?YWRk?=", True),
        (b"", "", True),
    ],
)
def test_a_name_is_repeated_or_not(header: bytes, name: str, same: bool) -> None:
    assert repeats(header, name) is same


SENT: list[tuple[Any, bytes | None, str | None]] = [
    # value of the argument, header, what is wrong
    ("eu", b"eu", None),
    ("eu", b" eu\t", None),
    ("eu", b"EU", "match"),
    ("eu", None, "missing"),
    ("", b"", None),
    ("", None, "missing"),
    ("Zürich", encoded("Zürich"), None),
    ("Zürich", "Zürich".encode(), "characters"),
    (" eu ", encoded(" eu "), None),
    ("eu", b"=?base64?!?=", "Base64"),
    (42, b"42", None),
    (42, b"42.0", None),
    (42, b"42.00", None),
    (42, b"042", None),
    (42, b"42.5", "match"),
    (42, b"4 2", "match"),
    (42, b"0x2a", "match"),
    (42, b"4.2e1", "match"),
    (-7, b"-7", None),
    (0, b"0", None),
    (10**19, b"10000000000000000000", None),
    (42, b"9" * 5000, "match"),
    (42.0, b"42", None),
    (1.5, b"1.5", "match"),
    (True, b"true", None),
    (True, b"True", "match"),
    (True, b"1", "match"),
    (False, b"false", None),
    (False, None, "missing"),
    (1, b"true", "match"),
    (None, None, None),
    (None, b"", "argument is not"),
    (None, b"null", "argument is not"),
    ([], b"[]", "match"),
    ({}, b"{}", "match"),
]


@pytest.mark.parametrize(("value", "header", "wrong"), SENT)
@pytest.mark.parametrize("path", [("region",), ("where", "region")])
def test_a_param_header_repeats_its_argument(
    path: tuple[str, ...], value: Any, header: bytes | None, wrong: str | None
) -> None:
    arguments: Any = {path[-1]: value}
    if len(path) == 2:
        arguments = {path[0]: arguments}
    headers = Headers([] if header is None else [(b"mcp-param-region", header)])
    if wrong is None:
        check_params({"Region": path}, arguments, headers)
        return
    with pytest.raises(ProtocolError, match=wrong) as caught:
        check_params({"Region": path}, arguments, headers)
    assert caught.value.code == HEADER_MISMATCH
    assert "Mcp-Param-Region" in caught.value.message


@pytest.mark.parametrize("arguments", [{}, {"where": 1}, {"where": {}}, {"where": []}])
def test_an_argument_that_is_not_there_wants_no_header(arguments: Any) -> None:
    annotated = {"region": ("where", "region")}
    check_params(annotated, arguments, Headers([]))
    with pytest.raises(ProtocolError):
        check_params(annotated, arguments, Headers([(b"mcp-param-region", b"x")]))


def test_a_param_header_comes_once() -> None:
    headers = Headers([(b"mcp-param-region", b"eu")] * 2)
    with pytest.raises(ProtocolError, match="more than once"):
        check_params({"region": ("region",)}, {"region": "eu"}, headers)


def test_long_routing_headers_are_checked_and_not_remembered() -> None:
    params = {"name": "add", "_meta": META}
    for padding in (0, 100_000):
        headers = Headers(
            [
                (b"mcp-protocol-version", b"2026-07-28"),
                (b"mcp-method", b"tools/call" + b" " * padding),
                (b"mcp-name", b"add"),
            ]
        )
        _known_route.known.clear()
        asked_alone(1, "tools/call", params, META, headers)
        assert len(_known_route.known) == (0 if padding else 1)
