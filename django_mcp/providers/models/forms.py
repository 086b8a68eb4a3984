"""A toolset's form: made once, with its fields as arguments, and filled in.

What a client sends goes to the fields as it is, past the widgets; what it
does not send keeps its value. Errors name only what the form or the listing
names. Nothing here saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    ValidationError,
)

from django_mcp.providers.fields.inputs import Input, input_from
from django_mcp.providers.fields.keys import model_field
from django_mcp.providers.forms.errors import lines_from_form
from django_mcp.providers.models.paths import ModelClass
from django_mcp.schema.errors import ArgumentErrors

#: A ``ModelForm``, and a class of them.
Form: TypeAlias = Any
FormClass: TypeAlias = Any

if TYPE_CHECKING:
    _Base = forms.ModelForm[Any]
else:
    _Base = object


@lru_cache(maxsize=256)
def form_from(
    model: ModelClass, form: FormClass | None, names: tuple[str, ...]
) -> FormClass:
    """Return a form of these fields, made from the project's own if there is one."""
    base = forms.ModelForm if form is None else form
    return forms.modelform_factory(model, form=base, fields=names)


class Fillable:
    """A class of forms that arguments can fill in."""

    def __init__(self, form_class: FormClass) -> None:
        options = form_class._meta.model._meta
        fields = form_class.base_fields
        self.inputs: dict[str, Input] = {}
        #: Fields that have no shape here, with whether a form needs them.
        self.shapeless: dict[str, bool] = {}
        for name, field in fields.items():
            if field.disabled:
                continue
            made = input_from(name, field, model_field(options, name))
            if made is None:
                self.shapeless[name] = field.required and field.initial is None
            else:
                self.inputs[name] = made
        # Only a form that judges the whole must see the whole.
        self._judges = form_class.clean is not forms.ModelForm.clean
        kind: Any = type(form_class)
        members = {"__module__": form_class.__module__}
        self._class = kind(form_class.__name__, (Guarded, form_class), members)

    def filled(
        self, values: Mapping[str, Any], instance: Any, nameable: Iterable[str]
    ) -> Form:
        """Return a form with these values, yet to be judged."""
        form = self._class(data=dict(values), files={}, instance=instance)
        form.nameable = {*nameable, *self.inputs}
        form.kept = []
        for name, field in list(form.fields.items()):
            known = self.inputs.get(name)
            if name in values:
                field.widget = Sent(values[name])
            elif instance is None or (known is not None and known.extra):
                field.widget = _unsent(form, name, field)
            elif self._judges:
                form.kept.append(name)
                form.fields[name] = Kept(instance, name, field.label)
            else:
                del form.fields[name]
            field.show_hidden_initial = False
        return form


fillable = lru_cache(maxsize=256)(Fillable)


class Sent(forms.Widget):
    """Stands between a value that came and its field, and leaves it alone."""

    supports_microseconds = True

    def __init__(self, value: Any, *, omitted: bool = False) -> None:
        super().__init__()
        self.value = value
        self.omitted = omitted

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """See Django."""
        return self.value

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """See Django."""
        return self.omitted


def _unsent(form: Form, name: str, field: Any) -> Sent:
    """Return what a person finds in an empty form: what it begins with."""
    field.widget.supports_microseconds = True
    initial = form.get_initial_for_field(field, name)
    value = None if initial is None else field.prepare_value(initial)
    return Sent(value, omitted=initial is None)


class Kept(forms.Field):
    """A field that was not sent: the form sees what the row has."""

    def __init__(self, instance: Any, name: str, label: Any) -> None:
        super().__init__(disabled=True, required=False, label=label)
        self._instance = instance
        self._name = name

    def clean(self, value: Any) -> Any:
        """Return the row's own value."""
        value = getattr(self._instance, self._name, None)
        return value.all() if hasattr(value, "get_queryset") else value

    def __deepcopy__(self, memo: Any) -> Kept:
        return self


class Guarded(_Base):
    """What is done to every form: it keeps what was not sent, and names no
    field that the caller does not know."""

    #: Fields that were not sent and keep their values.
    kept: list[str]
    #: Fields that may be named to this caller.
    nameable: set[str]

    def clean(self) -> dict[str, Any] | None:
        """Let the form judge the whole; then forget what was not sent."""
        for name in self.kept:
            # Nobody who did not send it can do anything about it.
            if self.errors.pop(name, None) is not None:
                self.cleaned_data[name] = self.fields[name].clean(None)
        # Unique values are asked for, even if the form's own forgets to.
        forms.ModelForm.clean(self)
        try:
            cleaned = super().clean()
        except ValidationError as error:
            cleaned = None
            self.add_error(None, error)
        cleaned = dict(self.cleaned_data if cleaned is None else cleaned)
        for name in self.kept:
            cleaned.pop(name, None)
            del self.fields[name]
        self.cleaned_data = cleaned
        return cleaned

    def _post_clean(self) -> None:
        """Hold what was sent against what was not, too: after the form's own
        rules, which ask for constraints sooner or later with each Django."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors or self.instance._state.adding:
            return
        try:
            self.instance.validate_unique()
            self.instance.validate_constraints()
        except ValidationError as error:
            self.add_error(None, error)

    def add_error(self, field: str | None, error: Any) -> None:
        """Take an error about anything, also about what is no field here."""
        error = error if isinstance(error, ValidationError) else ValidationError(error)
        if not hasattr(error, "error_dict"):
            error = ValidationError({field or NON_FIELD_ERRORS: error.error_list})
        for name, errors in error.error_dict.items():
            if name in self.fields:
                super().add_error(name, errors)
            else:
                about = "" if name == NON_FIELD_ERRORS else name
                super().add_error(None, [self._nameless(about, one) for one in errors])

    def _nameless(self, name: str, error: ValidationError) -> ValidationError:
        """Return the error without the names of fields that are not known."""
        about = set((error.params or {}).get("unique_check", ()))
        if name:
            about.add(name)
        if about - self.nameable:
            return ValidationError(self._unspoken(about & self.nameable))
        text = " ".join(error.messages)
        if text in self._rules:
            return ValidationError("A rule about these values does not hold.")
        return ValidationError(f"{name}: {text}" if name else text, error.code)

    def _unspoken(self, names: set[str]) -> str:
        if not names:
            return "A rule about these values does not hold."
        noun = self.instance._meta.verbose_name
        return f"Another {noun} has the same {', '.join(sorted(names))}."

    @cached_property
    def _rules(self) -> set[str]:
        """What Django says about constraints for want of better words: names
        of the database's, which say more than they should."""
        return {
            str(rule.get_violation_error_message())
            for _, rules in self.instance.get_constraints()
            for rule in rules
            if rule.violation_error_message == rule.default_violation_error_message
        }


# -- what a form says ----------------------------------------------------------


def check(form: Form, prefix: str = "") -> None:
    """Judge a form. Raises: ArgumentErrors"""
    if not form.is_valid():
        raise ArgumentErrors(lines_from_form(form, prefix, offer_rows=False))
