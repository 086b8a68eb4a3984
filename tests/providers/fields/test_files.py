"""Files as arguments: names and bytes, as uploads."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django import forms
from django.core.validators import FileExtensionValidator

from django_mcp.providers.forms.arguments import FormArguments
from django_mcp.providers.forms.errors import lines_from_form
from django_mcp.providers.forms.posting import posted, posted_files
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.forms.fields import form_of


def file(name: str = "a.txt", data: bytes = b"words", **more: Any) -> dict[str, Any]:
    """Return a file as a client sends it."""
    return {"name": name, "data": base64.b64encode(data).decode(), **more}


def sent(field: forms.Field, value: Any) -> Any:
    """Return the bound form with one field of what was sent."""
    form_class = form_of(file=field)
    values = FormArguments(form_class, source="here").validated({"file": value})
    form = form_class()
    return form_class(posted(form, values), posted_files(form, values))


@pytest.mark.parametrize(
    ("given", "name", "kind"),
    [
        (file("plan.pdf"), "plan.pdf", "application/pdf"),
        (file("plan", mime_type="text/html"), "plan", "text/html"),
        (file("../../etc/passwd"), "passwd", "application/octet-stream"),
        (file("C:\\temp\\a.txt"), "a.txt", "text/plain"),
        (file("&#x2e;&#x2e;/b.txt"), "b.txt", "text/plain"),
    ],
)
def test_a_file_is_an_upload_with_a_safe_name(given: Any, name: str, kind: str) -> None:
    form = sent(forms.FileField(), given)
    assert form.is_valid()
    upload = form.cleaned_data["file"]
    assert (upload.name, upload.content_type, upload.read()) == (name, kind, b"words")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "should be a valid dictionary"),
        ({"name": "a.txt"}, "file.data: field required"),
        (file("a.txt", extra=1), "file.extra: unknown field"),
        (file(".."), "should have the name of a file"),
        (file("\x00"), "should have the name of a file"),
        (file("x" * 300), "at most 255 characters"),
        ({"name": "a", "data": "no base64!"}, "should have data in base64"),
        ({"name": "a", "data": "ü"}, "should have data in base64"),
        ({"name": "a", "data": "A" * 15_000_000}, "at most"),
        (file("a", mime_type="text/html\r\nX: y"), "match pattern"),
    ],
)
def test_what_is_no_file_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ArgumentErrors) as caught:
        sent(forms.FileField(), value)
    assert reason in str(caught.value)


def test_the_fields_own_validators_judge_it() -> None:
    only_text = forms.FileField(
        validators=[FileExtensionValidator(["txt"])], max_length=8
    )
    assert sent(only_text, file("a.txt")).is_valid()
    form = sent(only_text, file("program.exe"))
    assert [line.partition(":")[0] for line in lines_from_form(form)] == ["file"]
    assert not sent(forms.FileField(), file(data=b"")).is_valid()


def test_an_image_is_looked_at() -> None:
    assert not sent(forms.ImageField(), file("a.png")).is_valid()
    data = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
    assert sent(forms.ImageField(), file("a.gif", data)).is_valid()


def test_several_files_where_the_widget_takes_them() -> None:
    class Several(forms.FileInput):
        allow_multiple_selected = True

    class Files(forms.FileField):
        widget = Several

        def clean(self, data: Any, initial: Any = None) -> Any:
            return [super(Files, self).clean(one, initial) for one in data]

    form_class = form_of(file=Files())
    made = FormArguments(form_class, source="here")
    assert made.schema["properties"]["file"]["type"] == "array"
    values = made.validated({"file": [file("a.txt"), file("b.txt")]})
    names = [one.name for one in posted_files(form_class(), values).getlist("file")]
    assert names == ["a.txt", "b.txt"]
