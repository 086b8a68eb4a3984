"""A trouble that lasts does not fill the log."""

from __future__ import annotations

import time

import pytest

from django_mcp.seldom import QUIET, Seldom


def test_a_trouble_is_told_at_once_and_then_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 5.0  # a machine that has just started
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seldom = Seldom()
    assert [seldom.due() for _ in range(3)] == [True, False, False]
    now += QUIET - 1
    assert not seldom.due()
    now += 1
    assert [seldom.due() for _ in range(3)] == [True, False, False]


def test_another_trouble_waits_for_nobody() -> None:
    one, other = Seldom(), Seldom()
    assert one.due()
    assert other.due()
    one.forget()
    assert one.due()
