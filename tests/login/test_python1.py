"""The official Python client before 2.0 logs in."""

from __future__ import annotations

import pytest

from tests.interop.scripts import checks_with, python1
from tests.login.names import WAYS
from tests.login.visitor import Visitor

pytestmark = [
    pytest.mark.interop,
    pytest.mark.needs("oauth"),
    pytest.mark.timeout(300),
]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_client_before_2_logs_in_and_asks_for_more(
    request: pytest.FixtureRequest,
    document: str,
    alice: Visitor,
    way: tuple[str, str, str],
) -> None:
    shop, path, known = way
    url = request.getfixturevalue(shop) + path
    command = [*python1("python1_login.py"), url, "login"]
    if known == "by document":
        command.append(document)
    assert checks_with(command, alice.visit) == [
        "ok logs_in",
        "ok is_known_as_it_should",
        "ok steps_up",
    ]


def test_client_before_2_refreshes_its_token(hasty_shop: str, alice: Visitor) -> None:
    command = [*python1("python1_login.py"), f"{hasty_shop}/mcp", "refresh"]
    assert checks_with(command, alice.visit) == ["ok logs_in", "ok refreshes"]
