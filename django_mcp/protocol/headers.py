"""HTTP headers as the protocol reads them.

Pure: names and values are bytes as ASGI gives them (names in lower case).
What headers say about the body is checked here and in ``connection.py``.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django_mcp.protocol.errors import HEADER_MISMATCH, ProtocolError
from django_mcp.protocol.remembered import Remembered

JSON = b"application/json"
EVENT_STREAM = b"text/event-stream"

#: Bytes of a header that are looked at where more makes no sense.
MAX_READ = 1024
#: Visible ASCII, space and tab (RFC 9110, section 5.5).
_PLAIN = re.compile(rb"[\x20-\x7e\t]*\Z")
_ENCODED_START, _ENCODED_END = "=?base64?", "?="
_NONE: frozenset[bytes] = frozenset()
_ANYTHING = b"*/*"
_LISTS = frozenset({b"accept", b"accept-language"})
_INTEGER = re.compile(r"-?[0-9]{1,20}(?:\.0{1,20})?\Z")


@dataclass(frozen=True, slots=True)
class Media:
    """What a message is written in, and what its client takes as an answer."""

    #: The message says that it is JSON.
    is_json: bool
    takes_json: bool
    takes_stream: bool
    #: It would rather have a stream, even for an answer that needs none.
    prefers_stream: bool


class Headers(dict[bytes, bytes]):
    """The headers of one HTTP message; remembers which came twice."""

    __slots__ = ("media", "repeated")

    def __init__(self, pairs: Collection[tuple[bytes, bytes]]) -> None:
        self.update(pairs)  # quicker than the constructor above
        self.repeated = _NONE if len(self) == len(pairs) else self._unite(pairs)
        content_type = self.get(b"content-type", b"")
        accept = self.get(b"accept", _ANYTHING)  # without one, anything goes
        media = _media_of.known.get((content_type, accept))
        self.media = _media_of(content_type, accept) if media is None else media

    def _unite(self, pairs: Collection[tuple[bytes, bytes]]) -> frozenset[bytes]:
        names = [name for name, _ in pairs]
        repeated = frozenset(name for name in self if names.count(name) > 1)
        for listed in _LISTS & repeated:
            # Several are one list (RFC 9110, section 5.3).
            self[listed] = b", ".join(value for name, value in pairs if name == listed)
        return repeated


@Remembered
def _media_of(content_type: bytes, accept: bytes) -> Media:
    """Both together: a client repeats them with every message."""
    return Media(_is_json(content_type), *_accepted(accept[:MAX_READ]))


def _accepted(header: bytes) -> tuple[bool, bool, bool]:
    """Return whether JSON is taken, a stream is taken, and a stream preferred.

    The heavier media range wins, and among equals the one named first.
    """
    weights: dict[bytes, float] = {}
    for part in header.split(b",")[:32]:
        media, *parameters = part.lower().split(b";")
        weights.setdefault(media.strip(), _weight(parameters))
    anything = weights.get(_ANYTHING, 0.0)
    json = weights.get(JSON, weights.get(b"application/*", anything))
    stream = weights.get(EVENT_STREAM, weights.get(b"text/*", anything))
    order = [media for media in weights if media in {JSON, EVENT_STREAM}]
    first = order[:1] == [EVENT_STREAM] and len(order) > 1
    prefers = stream > json or (stream == json and first)
    return json > 0, stream > 0, prefers


def _weight(parameters: list[bytes]) -> float:
    for parameter in parameters:
        found = re.fullmatch(rb"q=([01](?:\.[0-9]{0,3})?)", parameter.strip())
        if found:
            return float(found[1])
    return 1.0


def _is_json(content_type: bytes) -> bool:
    """Return whether a ``Content-Type`` says JSON, in UTF-8 if it says more."""
    if len(content_type) > MAX_READ:
        return False
    media, *parameters = content_type.lower().split(b";")
    if media.strip() != JSON:
        return False
    charsets = [p.strip() for p in parameters if p.strip().startswith(b"charset=")]
    return all(c[8:].strip(b'"') in {b"utf-8", b"utf8"} for c in charsets)


def decoded(name: str, value: bytes) -> str:
    """Return a mirrored value, out of its Base64 wrapping if it has one.

    Raises: ProtocolError
    (2026-07-28, basic/transports/streamable-http, "Value Encoding").
    """
    value = value.strip(b" \t")
    if not _PLAIN.match(value):
        raise ProtocolError(
            HEADER_MISMATCH, f"Header mismatch: {name} has invalid characters"
        )
    text = value.decode("ascii")
    if not (text.startswith(_ENCODED_START) and text.endswith(_ENCODED_END)):
        return text
    inner = text[len(_ENCODED_START) : -len(_ENCODED_END)]
    try:
        return base64.b64decode(inner, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ProtocolError(
            HEADER_MISMATCH, f"Header mismatch: {name} is not valid Base64"
        ) from None


def repeats(header: bytes, name: str) -> bool:
    """Return whether ``Mcp-Name`` says the same as the body.

    Raises: ProtocolError
    """
    plain = name.isascii() and name.isprintable() and name[:9] != _ENCODED_START
    if plain and header == name.encode():
        return True
    return decoded("Mcp-Name", header) == name


def check_params(
    annotated: Mapping[str, tuple[str, ...]],
    arguments: Mapping[str, Any],
    headers: Headers,
) -> None:
    """Compare ``Mcp-Param-*`` headers with the arguments they repeat.

    Raises: ProtocolError
    """
    for header, path in annotated.items():
        name = f"Mcp-Param-{header}"
        raw = b"mcp-param-" + header.lower().encode()
        value: Any = arguments
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if raw in headers.repeated:
            raise _mismatch(name, "appears more than once")
        sent = headers.get(raw)
        if value is None:
            if sent is not None:
                raise _mismatch(name, "is sent, but the argument is not")
        elif sent is None:
            raise _mismatch(name, "is missing")
        elif not _same(decoded(name, sent), value):
            raise _mismatch(name, "does not match the argument")


def _same(sent: str, value: Any) -> bool:
    if isinstance(value, bool):
        return sent == ("true" if value else "false")
    if isinstance(value, int):
        # 42.0 and 42 are equal ("Server Validation", note).
        return bool(_INTEGER.match(sent)) and int(sent.partition(".")[0]) == value
    if isinstance(value, float):
        return bool(_INTEGER.match(sent)) and float(sent) == value
    return isinstance(value, str) and sent == value


def _mismatch(name: str, what: str) -> ProtocolError:
    return ProtocolError(HEADER_MISMATCH, f"Header mismatch: {name} {what}")
