"""Types of files do not depend on the machine's own tables."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.content import media


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.WAV", "audio/wav"),
        ("a.webp", "image/webp"),
        ("a.md", "text/markdown"),
        ("a.json", "application/json"),
        ("a.csv", "text/csv"),
        ("a", ""),
        ("", ""),
    ],
)
def test_the_suffix_says_the_type(name: Any, mime_type: Any) -> None:
    assert media.type_of_name(name) == mime_type


def test_unknown_bytes_have_no_type() -> None:
    assert media.type_of_bytes(b"") == media.type_of_bytes(b"RIFF1234AVI ") == ""


@pytest.mark.parametrize(
    ("mime_type", "text"),
    [
        ("text/html; charset=utf-8", True),
        ("application/json", True),
        ("image/svg+xml", True),
        ("application/ld+json", True),
        ("application/pdf", False),
        ("image/png", False),
    ],
)
def test_types_for_reading_are_text(mime_type: Any, text: Any) -> None:
    assert media.is_text(mime_type) is text
