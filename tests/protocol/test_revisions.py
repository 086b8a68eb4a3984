"""The table of revisions, held against the changelogs."""

from __future__ import annotations

import pytest

from django_mcp.protocol.revisions import (
    ASSUMED,
    NEWEST_HANDSHAKE,
    REVISIONS,
    STATELESS,
    SUPPORTED,
)

FIRST = "2024-11-05"
#: The first revision that has it; and the last, if it went again.
SINCE: dict[str, tuple[str, str]] = {
    "batches": ("2025-03-26", "2025-03-26"),
    "annotations": ("2025-03-26", ""),
    "audio": ("2025-03-26", ""),
    "progress_message": ("2025-03-26", ""),
    "completions_capability": ("2025-03-26", ""),
    "titles": ("2025-06-18", ""),
    "structured_content": ("2025-06-18", ""),
    "resource_links": ("2025-06-18", ""),
    "elicitation": ("2025-06-18", ""),
    "version_header": ("2025-06-18", ""),
    "icons": ("2025-11-25", ""),
    "elicitation_url": ("2025-11-25", ""),
    "elicitation_choices": ("2025-11-25", ""),
    "priming_event": ("2025-11-25", "2025-11-25"),
    "handshake": (FIRST, "2025-11-25"),
    "structured_any": ("2026-07-28", ""),
}


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=lambda r: r.name)
@pytest.mark.parametrize("attribute", SINCE)
def test_a_revision_has_what_its_changelog_says(attribute, revision) -> None:  # type: ignore[no-untyped-def]
    since, until = SINCE[attribute]
    expected = since <= revision.name <= (until or "9999")
    assert getattr(revision, attribute) is expected


def test_each_attribute_is_in_the_table() -> None:
    assert set(SINCE) | {"name", "resource_not_found"} == set(
        type(STATELESS).__dataclass_fields__
    )


def test_the_newest_revision_comes_first() -> None:
    assert sorted(SUPPORTED, reverse=True) == SUPPORTED
    assert SUPPORTED[0] == STATELESS.name
    assert SUPPORTED[-1] == FIRST
    assert NEWEST_HANDSHAKE.name == SUPPORTED[1]


def test_a_missing_resource_has_its_own_code_only_before() -> None:
    codes = {revision.resource_not_found for revision in REVISIONS.values()}
    assert codes == {-32002, -32602}
    assert STATELESS.resource_not_found == -32602


def test_nothing_said_means_the_revision_before_the_version_header() -> None:
    assert ASSUMED.batches
    assert not ASSUMED.version_header
