"""The official Python client before 2.0, over HTTP and stdio."""

from __future__ import annotations

import pytest

from tests.interop.scripts import checks_of, python1
from tests.processes import STDIO

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


def assert_all_went_well(lines: list[str]) -> None:
    assert lines[0] == "revision 2025-11-25"
    assert len(lines) == 12
    assert [line for line in lines[1:] if not line.startswith("ok ")] == []


@pytest.mark.parametrize("mount", ["asgi", "view"])
def test_client_before_2_works_over_http(
    mount: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{mount}_url")
    assert_all_went_well(checks_of([*python1(), "http", url]))


def test_client_before_2_works_over_stdio() -> None:
    assert_all_went_well(checks_of([*python1(), "stdio", *STDIO]))
