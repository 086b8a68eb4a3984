"""Sealed values: unreadable, unchangeable, and about one thing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.sealing import BadSeal, seal, unseal


@pytest.mark.parametrize("value", [None, {}, [], "é", {"a": [1, {"b": None}]}, 10**20])
def test_what_was_sealed_opens(value: Any) -> None:
    assert unseal(seal(value, b"about"), b"about") == value


def test_a_seal_is_text_for_a_url_and_says_nothing() -> None:
    text = seal({"secret": "hunter2"}, b"")
    assert text.replace("-", "").replace("_", "").isalnum()
    assert b"hunter2" not in base64.urlsafe_b64decode(text + "==")


def test_the_same_value_is_never_sealed_alike() -> None:
    assert seal(1, b"") != seal(1, b"")


def test_a_seal_is_about_one_thing() -> None:
    with pytest.raises(BadSeal):
        unseal(seal(1, b"this"), b"that")


@pytest.mark.parametrize(
    "text", ["", "A", "AAAA", "A" * 16, "A" * 17, "A" * 100, "é", "a b", "=", "\ud800"]
)
def test_what_is_no_seal_does_not_open(text: str) -> None:
    with pytest.raises(BadSeal):
        unseal(text, b"")


@given(position=st.integers(0, 59), letter=st.sampled_from("ABCDwxyz0189-_"))
def test_a_changed_seal_does_not_open(position: int, letter: str) -> None:
    text = seal({"a": "x" * 20}, b"")
    changed = text[:position] + letter + text[position + 1 :]
    if changed != text:
        with pytest.raises(BadSeal):
            unseal(changed, b"")


def test_a_replaced_key_still_opens_and_no_longer_seals(settings: Any) -> None:
    old = seal(1, b"")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = b"a new one"
    assert unseal(old, b"") == 1
    new = seal(2, b"")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(new, b"") == 2
    with pytest.raises(BadSeal):
        unseal(old, b"")
