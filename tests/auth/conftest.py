"""Another authorization server, and nothing left of the one before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.auth.issuing import Remote, remote


@pytest.fixture
def other() -> Iterator[Remote]:
    """Run a server of somebody else, with no keys of an earlier one kept."""
    cache.clear()
    with remote() as running:
        yield running
    cache.clear()
