"""Exceptions a project raises or meets. A leaf: imports nothing of ours."""

import math

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy


class ToolError(Exception):
    """Refuse a call with words the model may read.

    Raised in a tool, the message becomes a result with ``isError``; raised in
    a resource or a prompt, it becomes the message of a protocol error.
    Anything else a tool raises is logged and answered without detail.
    """


class PermissionRequired(Exception):
    """The caller lacks a permission or a scope that this primitive needs.

    Raise it from a tool when the decision needs data that only the tool has.
    """

    def __init__(self, message: str = "", *, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message or _("You do not have permission to do this."))
        self.scopes = scopes


class Throttled(Exception):
    """The caller comes too often; it may try again after some seconds.

    Limits raise it, and so may a tool whose own source says "later". Over
    HTTP the answer is 429 with ``Retry-After``; over stdio the model reads
    the words.
    """

    def __init__(self, message: str = "", *, retry_after: float) -> None:
        #: Whole seconds, at least one.
        self.retry_after = max(1, math.ceil(retry_after))
        # In words when it is read: who is refused early has no language yet.
        words = _TOO_OFTEN % {"seconds": self.retry_after}
        super().__init__(message or words)


_TOO_OFTEN = ngettext_lazy(
    "Too many calls. Try again in %(seconds)d second.",
    "Too many calls. Try again in %(seconds)d seconds.",
    "seconds",
)


class AlreadyRegistered(Exception):
    """A primitive with this name, or at this URI, exists on the server."""


class NotRegistered(LookupError):
    """No primitive with this name, or at this URI, exists for this caller."""
