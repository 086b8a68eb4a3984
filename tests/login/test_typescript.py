"""The official TypeScript clients log in."""

from __future__ import annotations

import pytest

from tests.interop.scripts import checks_of, checks_with, typescript
from tests.login.names import MACHINE, SECRET, WAYS
from tests.login.visitor import Visitor

pytestmark = [
    pytest.mark.interop,
    pytest.mark.needs("oauth"),
    pytest.mark.timeout(300),
]


@pytest.fixture(params=["login_client.mjs", "login_sdk.mjs"])
def script(request: pytest.FixtureRequest) -> str:
    """The client of version 2, and the one before it."""
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_client_logs_in_and_asks_for_more(
    request: pytest.FixtureRequest,
    document: str,
    alice: Visitor,
    script: str,
    way: tuple[str, str, str],
) -> None:
    shop, path, known = way
    url = request.getfixturevalue(shop) + path
    command = [*typescript(script), url, "login"]
    if known == "by document":
        command.append(document)
    assert checks_with(command, alice.visit) == [
        "ok logs_in",
        "ok is_known_as_it_should",
        "ok steps_up",
        "ok uses_a_permission",
    ]


def test_client_refreshes_its_token(
    hasty_shop: str, alice: Visitor, script: str
) -> None:
    command = [*typescript(script), f"{hasty_shop}/mcp", "refresh"]
    assert checks_with(command, alice.visit) == ["ok logs_in", "ok refreshes"]


@pytest.mark.parametrize("path", ["/mcp", "/view"])
def test_machine_logs_in(shop: str, path: str) -> None:
    command = [*typescript("machine.mjs"), shop + path, shop, MACHINE, SECRET]
    assert checks_of(command) == ["ok after_2", "ok before_2"]
