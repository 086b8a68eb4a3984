"""What small values came to the last time."""

from __future__ import annotations

import pytest

from django_mcp.protocol.remembered import MAX_KEPT, MAX_LENGTH, Remembered


def test_a_value_is_worked_out_once() -> None:
    calls = []

    @Remembered
    def joined(a: str, b: bytes | None) -> str:
        calls.append((a, b))
        return f"{a} {b!r}"

    for _ in range(2):
        value = joined.known.get(("x", None)) or joined("x", None)
        assert value == "x None"
    assert calls == [("x", None)]
    assert joined("x", b"1") == "x b'1'"
    assert joined.known == {("x", None): "x None", ("x", b"1"): "x b'1'"}


@pytest.mark.parametrize(
    ("key", "is_kept"),
    [
        (("x" * MAX_LENGTH, None), True),
        (("x" * MAX_LENGTH, b"1"), False),
        (("x", b"1" * MAX_LENGTH), False),
    ],
)
def test_nothing_long_is_kept(key: tuple[str, bytes], is_kept: bool) -> None:
    size = Remembered(lambda a, b: len(a))
    assert size(*key) == len(key[0])
    assert (key in size.known) is is_kept


def test_what_is_refused_is_refused_again() -> None:
    def refuse(name: str) -> int:
        raise ValueError(name)

    refused = Remembered(refuse)
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            refused("a")
    assert refused.known == {}


def test_no_is_remembered_as_yes_is() -> None:
    calls = []

    @Remembered
    def is_long(name: str) -> bool:
        calls.append(name)
        return len(name) > 5

    for _ in range(2):
        for name in ("short", "longer"):
            found = is_long.known.get((name,))
            assert (is_long(name) if found is None else found) is (name == "longer")
    assert calls == ["short", "longer"]


def test_asking_again_drops_nothing() -> None:
    same = Remembered(lambda name: name)
    for number in range(MAX_KEPT):
        same(str(number))
    same("0")
    assert len(same.known) == MAX_KEPT


def test_strangers_cannot_fill_the_memory() -> None:
    same = Remembered(lambda name: name)
    for number in range(3 * MAX_KEPT):
        assert same(str(number)) == str(number)
        assert len(same.known) <= MAX_KEPT
