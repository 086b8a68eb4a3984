"""Exceptions that mean "no", and the words the model reads for them.

What is not in `EXPECTED` is a failure: only ``dispatch.py`` meets it, and
nobody outside reads its words.
"""

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from django_mcp.exceptions import NotRegistered, PermissionRequired, ToolError
from django_mcp.schema.arguments import ArgumentErrors

EXPECTED = (
    ToolError,
    ArgumentErrors,
    ValidationError,
    PermissionDenied,
    PermissionRequired,
    Http404,
    ObjectDoesNotExist,
    NotRegistered,
)
#: Those that mean "there is no such thing".
MISSING = (Http404, ObjectDoesNotExist, NotRegistered)

MAX_LENGTH = 4000


def words(error: Exception) -> str:
    """Return what the model reads about a refusal."""
    if isinstance(error, ValidationError):
        text = "\n".join(_validation_lines(error))
    else:
        text = str(error)
    if not text:
        text = str(_DEFAULTS.get(type(error), _("The call was refused.")))
    return text[:MAX_LENGTH]


_DEFAULTS = {
    PermissionDenied: _("You do not have permission to do this."),
    Http404: _("Not found."),
}


def _validation_lines(error: ValidationError) -> list[str]:
    if not hasattr(error, "error_dict"):
        return [str(message) for message in error.messages]
    return [
        str(message) if field == "__all__" else f"{field}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    ]
