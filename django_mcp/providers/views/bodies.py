"""The bytes of a response, as many as are wanted, and what becomes of them.

A stream is read for a bounded time and up to a bounded size, and is closed in
any case: without Django's signal that a request has ended, because that of
the call goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from email.message import Message
from typing import Any

from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy
from pydantic_core import from_json

from django_mcp.conf import conf
from django_mcp.content import Audio, File, Image, ResourceLink, Result
from django_mcp.content.blocks import is_block
from django_mcp.content.media import is_text
from django_mcp.exceptions import ToolError
from django_mcp.providers.views.calling import ViewFailed

#: Seconds for which a stream is read.
MAX_SECONDS = 10.0
#: Of the longest message, what base64 leaves for bytes.
_SHARE = 0.7
_TOO_LARGE = gettext_lazy("The answer is too large. Ask for less.")


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a response, or the first of them."""

    data: bytes
    whole: bool = True


def body_of(response: Any) -> Body:
    """Read a response and close it. May block."""
    try:
        if not response.streaming:
            return _cut(response.content)
        if response.is_async:
            return async_to_sync(_read_async)(aiter(response))
        return _read(response.streaming_content)
    finally:
        close(response)


async def abody_of(response: StreamingHttpResponse) -> Body:
    """See `body_of`, for a stream that is asynchronous."""
    try:
        return await _read_async(aiter(response))
    finally:
        close(response)


def close(response: HttpResponseBase) -> None:
    """Close what a response holds open."""
    closers: list[Any] = response._resource_closers  # type: ignore[attr-defined]
    with ExitStack() as stack:
        while closers:
            stack.callback(closers.pop())
    response.closed = True


def limit() -> int:
    """Return how many bytes fit into a result."""
    return int(conf.now.MAX_RESPONSE_SIZE * _SHARE)


def _cut(data: bytes) -> Body:
    most = limit()
    return Body(data[:most], len(data) <= most)


def _read(chunks: Iterable[bytes]) -> Body:
    most, end = limit(), time.monotonic() + MAX_SECONDS
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > most or time.monotonic() > end:
            return Body(bytes(read[:most]), whole=False)
    return Body(bytes(read))


async def _read_async(chunks: AsyncIterator[bytes]) -> Body:
    most = limit()
    read = bytearray()
    try:
        async with asyncio.timeout(MAX_SECONDS), aclosing(chunks):  # type: ignore[type-var]
            async for chunk in chunks:
                read += chunk
                if len(read) > most:
                    return Body(bytes(read[:most]), whole=False)
    except TimeoutError:
        return Body(bytes(read), whole=False)
    return Body(bytes(read))


# -- what they are ---------------------------------------------------------------


def essence_of(response: HttpResponseBase) -> str:
    """Return the type of a response without its parameters."""
    return (
        str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    )


def is_json(essence: str) -> bool:
    """Is it data?"""
    return essence == "application/json" or essence.endswith("+json")


def is_html(essence: str) -> bool:
    """Is it a page?"""
    return essence in {"text/html", "application/xhtml+xml"}


def text_of(response: Any, body: Body) -> str:
    """Return a text as it was meant."""
    try:
        return body.data.decode(response.charset or "utf-8", errors="replace")
    except LookupError:  # an encoding nobody knows
        return body.data.decode(errors="replace")


def data_of(body: Body) -> Result:
    """Return JSON as data. Raises: ViewFailed, ToolError"""
    if not body.whole:
        raise ToolError(_TOO_LARGE)
    try:
        return Result(structured=from_json(body.data))
    except ValueError as error:
        raise ViewFailed("The view's JSON cannot be read.") from error


def is_plain(data: Any) -> bool:
    """Can data not be taken for content, whatever an API has stored?"""
    several = data if isinstance(data, list) else [data]
    return not any(isinstance(one, dict) and is_block(one) for one in several)


def file_of(response: Any, body: Body, address: str) -> Any:
    """Return a file as what it is; where it is, if it is too large.

    ``address`` is empty where asking again would do something again.
    """
    kind, name = essence_of(response), _name_of(response)
    if not body.whole:
        if not address:
            raise ToolError(_TOO_LARGE)
        length = str(response.headers.get("Content-Length", ""))
        size = int(length) if length.isdecimal() else None
        title = name or address.rpartition("/")[2] or "file"
        return ResourceLink(address, title, mime_type=kind, size=size)
    if not body.data:
        return None
    if kind.startswith("image/") and not is_text(kind):
        return Image(body.data, kind)
    if kind.startswith("audio/"):
        return Audio(body.data, kind)
    return File(body.data, kind or None, name, "" if name else address)


def is_file(response: HttpResponseBase) -> bool:
    """Would a browser save it or draw it, rather than show text?"""
    essence = essence_of(response)
    if is_html(essence):
        return False
    disposition = str(response.headers.get("Content-Disposition", ""))
    attached = disposition.strip().lower().startswith("attachment")
    return attached or not essence.startswith("text/")


def _name_of(response: HttpResponseBase) -> str:
    message = Message()
    message["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    name = message.get_filename("") or ""
    return name.rpartition("/")[2].rpartition("\\")[2][:200]
