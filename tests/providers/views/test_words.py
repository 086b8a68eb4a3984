"""What tools of views say of themselves where the views say nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.views.generic import (
    CreateView,
    DeleteView,
    DetailView,
    ListView,
    UpdateView,
)

from django_mcp.providers.views.words import description_of
from tests.testapp import pages
from tests.testapp.models import Book


class PlainBookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Book
        fields = ["title"]


@pytest.mark.parametrize(
    ("view", "method", "words"),
    [
        (ListView.as_view(model=Book), "GET", "List books."),
        (ListView.as_view(queryset=Book.objects.none()), "GET", "List books."),
        (ListView.as_view(), "GET", "GET /there/ of this site."),
        (DetailView.as_view(model=Book), "GET", "Show one book."),
        (CreateView.as_view(form_class=PlainBookForm), "POST", "Add one book."),
        (CreateView.as_view(model=Book), "GET", "GET /there/ of this site."),
        (
            UpdateView.as_view(model=Book),
            "POST",
            "Change one book; what is not sent stays.",
        ),
        (UpdateView.as_view(model=Book), "GET", "Show one book."),
        (DeleteView.as_view(model=Book), "POST", "Delete one book."),
        (pages.whoami, "GET", ""),
    ],
)
def test_a_view_without_words_is_told_by_its_model(
    view: Any, method: str, words: str
) -> None:
    assert str(description_of(view, method, "there/")) == words
