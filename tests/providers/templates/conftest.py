"""A folder for the templates of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.templates.telling import Write, engines_in


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write templates that Django's engine finds."""

    def written(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    with engines_in(tmp_path):
        yield written
