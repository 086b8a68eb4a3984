"""Names that people can read and every client takes."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from django_mcp.providers.models.naming import names_from


def named(one: str, several: str, **attributes: str) -> Any:
    options = SimpleNamespace(
        verbose_name=one, verbose_name_plural=several, model_name="thing"
    )
    given = {"name": "", "plural_name": "", "prefix": "", **attributes}
    toolset: Any = SimpleNamespace(model=SimpleNamespace(_meta=options), **given)
    return names_from(toolset)


@pytest.mark.parametrize(
    ("names", "listed", "got"),
    [
        (named("product", "products"), "list_products", "get_product"),
        (named("Öl-Sorte", "Öl-Sorten"), "list_ol_sorten", "get_ol_sorte"),
        (named("商品", "商品"), "list_things", "get_thing"),
        (
            named("a b", "a bs", prefix="My shop"),
            "my_shop_list_a_bs",
            "my_shop_get_a_b",
        ),
        (named("x", "y", name="sheep", plural_name="sheep"), "list_sheep", "get_sheep"),
        (named("x" * 90, "y" * 90), "list_" + "y" * 59, "get_" + "x" * 60),
    ],
)
def test_tools_are_named_after_the_model(names: Any, listed: str, got: str) -> None:
    assert names.tool("list", many=True) == listed
    assert names.tool("get") == got
    for name in (listed, got):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
