"""`Writable`: the part of a toolset that says what may be written, and how.

Attributes and hooks only, in the admin's manner. Nothing here is used unless
the class names ``create``, ``update`` or ``delete`` in ``actions``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django_mcp.providers.models.forms import FormClass, form_from
from django_mcp.providers.models.paths import ModelClass

if TYPE_CHECKING:
    from django_mcp.context import Context


class Writable:
    """What a toolset says about writing."""

    #: The model's fields that ``create`` and ``update`` take.
    writable_fields: ClassVar[Sequence[str]] = ()
    #: A ``ModelForm`` of the project's own; with ``writable_fields``, those
    #: of its fields.
    form: ClassVar[FormClass | None] = None
    #: Ask the person first: always, or before the actions named here.
    confirm: ClassVar[bool | Collection[str]] = False
    #: A listed moment or number that changes with the row; who updates or
    #: deletes must send back the value they saw.
    version_field: ClassVar[str] = ""
    #: The most rows that one call writes; above one, the tools take ``rows``.
    max_bulk: ClassVar[int] = 1

    if TYPE_CHECKING:
        model: ModelClass

    def get_writable_fields(self, context: Context) -> Sequence[str]:
        """Return ``writable_fields`` for this caller: fewer, as a rule."""
        return self.writable_fields

    def get_form_class(self, context: Context) -> FormClass:
        """Return the form that this caller fills in."""
        if self._is_whole_form:
            return self.form
        names = self.get_writable_fields(context)
        return form_from(self.model, self.form, tuple(names))

    @property
    def static_form_class(self) -> FormClass:
        """The form if no hook says otherwise: what the schemas tell."""
        if self._is_whole_form:
            return self.form
        return form_from(self.model, self.form, tuple(self.writable_fields))

    @property
    def _is_whole_form(self) -> bool:
        """Does nobody name some of its fields? A hook that names none does."""
        hook = type(self).get_writable_fields
        named = self.writable_fields or hook is not Writable.get_writable_fields
        return self.form is not None and not named

    def save_model(self, context: Context, obj: Any, form: Any, change: bool) -> None:
        """Save a row that a form filled in; what hangs on it comes after."""
        obj.save()

    def delete_model(self, context: Context, obj: Any) -> None:
        """Delete a row."""
        obj.delete()

    def asks_before(self, action: str) -> bool:
        """Must the person agree to an action?"""
        if isinstance(self.confirm, bool):
            return self.confirm
        return action in self.confirm
