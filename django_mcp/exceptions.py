"""Exceptions a project raises or meets. A leaf: imports nothing of ours."""

from django.utils.translation import gettext as _


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


class AlreadyRegistered(Exception):
    """A primitive with this name, or at this URI, exists on the server."""


class NotRegistered(LookupError):
    """No primitive with this name, or at this URI, exists for this caller."""
