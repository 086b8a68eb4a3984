"""``manage.py mcp_prune_clients``."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.oauth import test_pruning as rows

pytestmark = pytest.mark.django_db


def run(**options: Any) -> str:
    out = StringIO()
    call_command("mcp_prune_clients", stdout=out, **options)
    return out.getvalue()


@pytest.mark.needs("oauth")
def test_it_counts_first_and_then_deletes() -> None:
    rows.client("old")
    rows.client("new", updated=rows.LATELY)
    assert run(dry_run=True) == "1 clients would be deleted.\n"
    assert rows.left() == {"old", "new"}
    assert run() == "1 clients were deleted.\n"
    assert rows.left() == {"new"}
    assert run(days=5) == "1 clients were deleted.\n"


def test_days_must_have_begun() -> None:
    with pytest.raises(CommandError):
        run(days=0)


def test_a_project_without_the_toolkit_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django.apps.apps.is_installed", lambda name: False)
    with pytest.raises(CommandError, match="INSTALLED_APPS"):
        run()
