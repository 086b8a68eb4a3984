"""The forms of views: which one a page shows, and what was wrong with it.

A person fills in the form that a page shows them, with what it holds already:
hidden values, and those of the object that is edited. So does a tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.forms.formsets import TOTAL_FORM_COUNT
from django.http import QueryDict

from django_mcp.exceptions import ToolError
from django_mcp.providers.forms.arguments import is_formset
from django_mcp.providers.forms.errors import lines_from_form
from django_mcp.providers.forms.posting import posted

_FORMS = (forms.BaseForm, forms.BaseFormSet)


def shown_form(context: Mapping[str, Any] | None, form_class: Any) -> Any:
    """Return the form of this class in a template's context, not yet sent.

    A view that makes its form's class makes another one each time.
    """
    kind = form_class if isinstance(form_class, type) else type(form_class)
    for form in forms_in(context):
        if not form.is_bound and (isinstance(form, kind) or _is_like(form, kind)):
            return form
    return None


def _is_like(form: Any, kind: Any) -> bool:
    if isinstance(form, forms.BaseModelForm) and issubclass(kind, forms.BaseModelForm):
        return bool(form._meta.model is kind._meta.model)
    names = getattr(kind, "base_fields", {}).keys()
    return bool(names) and names == getattr(form, "fields", {}).keys()


def shown_sets(context: Mapping[str, Any] | None, form: Any) -> list[Any]:
    """Return the sets of forms beside a form: they are sent along as they are."""
    return [
        one
        for one in forms_in(context)
        if isinstance(one, forms.BaseFormSet) and one is not form and not one.is_bound
    ]


class PageForm(NamedTuple):
    """A form as it stands in a page."""

    #: What its controls hold.
    controls: Mapping[str, Sequence[str]]
    #: The names and values of the buttons that send it, in order.
    buttons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A form as a page shows it."""

    form: Any
    #: Sets of forms that are sent along as they are.
    beside: Sequence[Any] = ()
    #: The same form, as the page has it.
    page: PageForm | None = None
    #: Whether ``form`` knows what it holds; else only the page does.
    known: bool = True

    def filled(self, values: Mapping[str, Any], button: str = "") -> QueryDict:
        """Return what a browser sends for it, with these values.

        Raises: ArgumentErrors, for fields that this person is not shown;
            ToolError, for a button
        """
        data = posted(self.form, values).copy()
        for one in self.beside:
            for name, texts in posted(one, {}).lists():
                data.setlist(name, texts)
        if self.page is not None:
            data = self._on_page(data, self.page, values)
        name, value = self._pressed(button)
        if name:
            data[name] = value
        return data

    def _on_page(
        self, sent: QueryDict, page: PageForm, values: Mapping[str, Any]
    ) -> QueryDict:
        """Put what was given over what the page holds."""
        sets = [one for one in (self.form, *self.beside) if is_formset(one)]
        names: set[str] = set()
        if not is_formset(self.form):
            known = self.form.fields if self.known else values
            names = {one for name in known for one in _controls_of(self.form, name)}

        def is_ours(control: str) -> bool:
            of_set = any(control.startswith(f"{one.prefix}-") for one in sets)
            return of_set or control in names

        data = QueryDict(mutable=True)
        for name, texts in page.controls.items():
            if not is_ours(name):
                data.setlist(name, [*texts])
        for name, texts in sent.lists():
            if self.known or is_ours(name):
                data.setlist(name, texts)
        return data

    def _pressed(self, button: str) -> tuple[str, str]:
        """Return what the button sends: the first, if none is named."""
        if self.page is None:
            return button, ""
        if not button:
            return self.page.buttons[0] if self.page.buttons else ("", "")
        for name, value in self.page.buttons:
            if name == button:
                return name, value
        raise ToolError(f"The page shows no button {button!r} now.")


def kinds_of(form: Any) -> dict[str, str]:
    """Return the controls of a form: their names, and the type of each."""
    if is_formset(form):
        return {f"{form.prefix}-{TOTAL_FORM_COUNT}": "hidden"}
    return {
        form.add_prefix(name): str(getattr(field.widget, "input_type", ""))
        for name, field in form.fields.items()
    }


def _controls_of(form: Any, name: str) -> Iterator[str]:
    """Yield the names of a field's control, or of its several."""
    html = form.add_prefix(name)
    yield html
    yield form.add_initial_prefix(name)
    widget = form.fields[name].widget
    for ending in getattr(widget, "widgets_names", ()):
        yield f"{html}{ending}"
    if isinstance(widget, forms.SelectDateWidget):
        for part in (widget.year_field, widget.month_field, widget.day_field):
            yield part % html


def blank_form(form_class: Any) -> Any:
    """Return a form that nobody has filled in yet."""
    if not isinstance(form_class, type):
        return form_class
    try:
        return form_class()
    except TypeError:  # it needs something that only its view knows
        return _Plain(form_class)


class _Plain(forms.BaseForm):
    """The fields of a form, without what its own class needs beside them."""

    def __init__(self, form_class: Any) -> None:
        self.base_fields = form_class.base_fields
        super().__init__(prefix=form_class.prefix)


def errors_of(
    context: Mapping[str, Any] | None, form_class: Any = None, beside: Any = None
) -> list[str]:
    """Return what the forms of a page have against their values.

    With ``form_class``, only forms of that class count; forms that were given
    ``beside``, and not what was sent, do not.
    """
    lines: list[str] = []
    for form in forms_in(context):
        if form_class is not None and not isinstance(form, form_class):
            continue
        if form.is_bound and form.data is not beside and not form.is_valid():
            lines += lines_from_form(form)
    return list(dict.fromkeys(lines))


def forms_in(context: Mapping[str, Any] | None) -> Iterator[Any]:
    """Yield the forms and sets of forms in a template's context, each once.

    The admin's stand inside objects of its own.
    """
    seen: set[int] = set()
    for value in (context or {}).values():
        several = value if isinstance(value, list | tuple) else [value]
        for one in several:
            inner = (one, _own(one, "form"), _own(one, "formset"))
            for form in inner:
                if isinstance(form, _FORMS) and id(form) not in seen:
                    seen.add(id(form))
                    yield form


def _own(value: Any, name: str) -> Any:
    return vars(value).get(name) if hasattr(value, "__dict__") else None
