"""What the admin would have written into its log, where it is installed.

Actions of nobody known leave no trace there: an entry needs a user.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import override

from django_mcp.context import Context
from django_mcp.providers.models.forms import Form

#: As the admin numbers them.
ADDITION, CHANGE, DELETION = 1, 2, 3


def log_form(context: Context, form: Form, *, change: bool) -> None:
    """Log that a form added or changed a row."""
    message: list[Any] = [{"added": {}}]
    if change:
        labels = _labels(form)
        message = [{"changed": {"fields": labels}}] if labels else []
    _log(context, form.instance, CHANGE if change else ADDITION, message)


def log_deletion(context: Context, obj: Any) -> None:
    """Log that a row is about to be deleted."""
    _log(context, obj, DELETION, "")


def _labels(form: Form) -> list[str]:
    """Return the labels of what changed, in no language, as the admin does."""
    changed = form.changed_data
    with override(None):
        return [str(form.fields[name].label or name) for name in changed]


def _log(context: Context, obj: Any, flag: int, message: Any) -> None:
    user = context.user
    if user.pk is None or not apps.is_installed("django.contrib.admin"):
        return
    entries: Any = apps.get_model("admin", "LogEntry")._default_manager
    entries.log_actions(user.pk, [obj], flag, message, single_object=True)
