"""Settings are read when used, again when they change, and checked elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp.conf import KEYS, Values, conf


def test_a_setting_that_is_not_given_has_its_default(settings: Any) -> None:
    settings.DJANGO_MCP = {"MAX_DEPTH": 7}
    assert conf.MAX_DEPTH == 7
    assert conf.MAX_BODY_SIZE == Values().MAX_BODY_SIZE


def test_settings_are_the_same_object_until_one_changes(settings: Any) -> None:
    before = conf.now
    assert conf.now is before
    settings.DJANGO_MCP = {"PAGE_SIZE": 3}
    assert conf.now is not before
    assert conf.PAGE_SIZE == 3


@pytest.mark.parametrize("given", [None, [], "x", {}, {"NO_SUCH_KEY": 1}])
def test_what_cannot_be_read_leaves_the_defaults(settings: Any, given: Any) -> None:
    settings.DJANGO_MCP = given
    assert conf.now == Values()


def test_no_other_name_is_a_setting() -> None:
    assert "AUTHENTICATORS" in KEYS
    with pytest.raises(AttributeError):
        _ = conf.NO_SUCH_KEY
