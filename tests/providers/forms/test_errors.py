"""What forms say about what they were sent, line by line."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError

from django_mcp.providers.forms.errors import lines_from_form
from tests.providers.forms.fields import CHOICES, dynamic, form_of


def lines(form: Any) -> list[str]:
    """Return what a form has against its data."""
    assert not form.is_valid()
    return list(lines_from_form(form))


def test_lines_name_the_field_and_have_the_forms_own_words() -> None:
    class Trip(forms.Form):
        start = forms.IntegerField(min_value=1)
        end = forms.IntegerField(error_messages={"required": "When do you return?"})

        def clean(self) -> None:
            raise ValidationError("The trip is too long.")

    assert lines(Trip({"start": "0"})) == [
        "start: Ensure this value is greater than or equal to 1.",
        "end: When do you return?",
        "The trip is too long.",
    ]


@pytest.mark.parametrize("choices", [CHOICES, dynamic])
def test_choices_that_are_few_are_offered(choices: Any) -> None:
    form = form_of(kind=forms.ChoiceField(choices=choices))({"kind": "<worse>"})
    offered = "a, b, c" if choices is CHOICES else "x, y"
    assert lines(form) == [f"kind: should be one of {offered}"]


def test_the_words_of_a_project_for_a_wrong_choice_are_its_own() -> None:
    words = {"invalid_choice": "%(value)s? Take a colour from the card."}
    field = forms.ChoiceField(choices=CHOICES, error_messages=words)
    form = form_of(kind=field)({"kind": "secret"})
    assert lines(form) == ["kind: …? Take a colour from the card."]


def test_choices_that_are_many_are_not_even_made() -> None:
    made = []

    def many() -> Any:
        for number in range(1_000_000):
            made.append(number)
            yield str(number), "A number"

    field = forms.ChoiceField(choices=many)
    form = form_of(kind=field)({"kind": "1"})
    assert form.is_valid()
    form = form_of(kind=forms.ChoiceField(choices=CHOICES * 7))({"kind": "?"})
    assert lines(form) == ["kind: should be one of the choices"]


def test_no_value_that_was_sent_is_repeated() -> None:
    def never(value: str) -> None:
        raise ValidationError("“%(value)s” is bad.", params={"value": value})

    form = form_of(
        word=forms.CharField(validators=[never]),
        several=forms.MultipleChoiceField(choices=CHOICES),
    )({"word": "<script>", "several": ["<script>"]})
    assert lines(form) == ["word: “…” is bad.", "several: should be one of a, b, c"]


def test_rows_of_a_set_are_counted() -> None:
    class Rows(forms.BaseFormSet):  # type: ignore[type-arg]
        def clean(self) -> None:
            raise ValidationError("Too dear together.")

    class Row(forms.Form):
        price = forms.IntegerField()

        def clean(self) -> None:
            raise ValidationError("This row is odd.")

    data = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0",
        "form-0-price": "1", "form-1-price": "dear",
    }  # fmt: skip
    assert lines(forms.formset_factory(Row, formset=Rows)(data)) == [
        "rows[0]: This row is odd.",
        "rows[1].price: Enter a whole number.",
        "rows[1]: This row is odd.",
        "rows: Too dear together.",
    ]
