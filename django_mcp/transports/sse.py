"""Server-sent events: how messages are framed in an event stream.

Pure. One event is one message on one ``data`` line
(https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    # Tells nginx not to collect the stream before passing it on.
    (b"x-accel-buffering", b"no"),
]
KEEP_ALIVE = b": keep-alive\n\n"


def event(message: bytes, event_id: str = "") -> bytes:
    """Return one message as an event."""
    if event_id:
        return b"id: %b\nevent: message\ndata: %b\n\n" % (event_id.encode(), message)
    return b"event: message\ndata: %b\n\n" % message


def priming(event_id: str, retry: int | None = None) -> bytes:
    """Return the empty event that tells a client where it stands."""
    wait = b"retry: %d\n" % retry if retry is not None else b""
    return b"%bid: %b\ndata: \n\n" % (wait, event_id.encode())
