"""A key is known by its looks, and what is wrong with it shows without a database."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from django_mcp.auth.base import _TOKEN
from django_mcp.keys.text import hash_of, is_ours, new_text, prefix_of

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: What the documentation gives to secret scanners.
PATTERN = re.compile(r"\bmcp_[0-9a-z]{12}_[0-9A-Za-z]{49}\b")

fresh = st.builds(new_text)


@given(fresh)
def test_a_new_key_is_recognised_and_names_itself(text: str) -> None:
    assert is_ours(text)
    assert text.split("_")[1] == prefix_of(text)
    assert PATTERN.fullmatch(text)
    assert _TOKEN.match(text.encode())


def test_no_two_keys_are_the_same_nor_have_the_same_prefix() -> None:
    texts = [new_text() for _ in range(1000)]
    assert len({prefix_of(text) for text in texts}) == len(set(texts)) == 1000


@given(fresh, st.integers(0, 65), st.sampled_from(LETTERS + "_-. \n\0é"))
def test_a_single_wrong_character_is_noticed(text: str, at: int, other: str) -> None:
    changed = text[:at] + other + text[at + 1 :]
    assert prefix_of(changed) is None or changed == text


@given(fresh, st.integers(0, 65))
def test_a_key_that_was_cut_off_is_none(text: str, length: int) -> None:
    assert prefix_of(text[:length]) is None
    assert is_ours(text[:length]) == (length >= 17)


@given(fresh, st.text(min_size=1))
def test_a_key_with_more_before_or_behind_it_is_none(text: str, more: str) -> None:
    assert prefix_of(text + more) is None
    assert prefix_of(more + text) is None


@given(st.one_of(st.text(), st.from_regex(PATTERN), st.from_regex(r"mcp_[a-z0-9_]*")))
def test_anything_else_is_no_key_and_no_mistake(text: str) -> None:
    prefix = prefix_of(text)
    assert prefix is None or (is_ours(text) and text.startswith(f"mcp_{prefix}_"))


def test_tokens_of_others_are_not_ours() -> None:
    for text in ["", "mcp_", "mcp_at_Zm9v", "ghp_0123456789ab_x", "eyJhbGciOi.e30.x"]:
        assert not is_ours(text)


@given(fresh, fresh)
def test_the_hash_tells_keys_apart_and_nothing_about_them(a: str, b: str) -> None:
    assert hash_of(a) != hash_of(b)
    assert re.fullmatch("[0-9a-f]{64}", hash_of(a))
    assert a.split("_")[2] not in hash_of(a)
