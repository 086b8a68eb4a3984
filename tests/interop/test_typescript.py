"""The official TypeScript clients, over HTTP."""

from __future__ import annotations

import pytest

from tests.interop.scripts import checks_of, typescript

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


def assert_all_went_well(lines: list[str], revision: str) -> None:
    assert lines[0] == f"revision {revision}"
    assert len(lines) == 13
    assert [line for line in lines[1:] if not line.startswith("ok ")] == []


@pytest.fixture(params=["asgi", "view"])
def url(request: pytest.FixtureRequest) -> str:
    """Reach the server in each of the two ways over HTTP."""
    return request.getfixturevalue(f"{request.param}_url")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("mode", "revision"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")]
)
def test_client_2_works(url: str, mode: str, revision: str) -> None:
    command = [*typescript("client.mjs"), url, mode]
    assert_all_went_well(checks_of(command), revision)


def test_client_before_2_works(url: str) -> None:
    assert_all_went_well(checks_of([*typescript("sdk.mjs"), url]), "2025-11-25")
