"""Names that strangers send, and patterns that developers write."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.providers.files.names import Patterns, is_safe


@pytest.mark.parametrize(
    "name",
    [
        "a", "a.txt", "docs/a.txt", "Größe.pdf", "名前/文書.txt", "a b", "100%.txt",
        "100%25.txt", "a..b", "a.", "con", "aux.c", "12:30.log", "e\u0301.txt", "a~1", "$x",
    ],
)  # fmt: skip
def test_what_files_are_called_is_safe(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "/", "/a", "a/", "a//b", "a/../b", "../a", "a/..", "./a", "a/./b",
        "\\a", "a\\b", "..\\a", "a\0b", "a\nb", "a\x7fb", "a\x85b", "a\ud800",
        "%2e%2e/a", "%2E%2E", "a/%2e%2e/b", "..%2fa", "a%5cb", "a%00", "%2fa",
        "\uff0e\uff0e/a", "\uff0e\uff0e\uff0fa", "a\uff3cb", "\u2024\u2024", "a\u2100b/..",
        "..\u200b/a", "\u200e..", "%EF%BC%8E%EF%BC%8E", "a" * 1025,
    ],
)  # fmt: skip
@pytest.mark.parametrize("hidden", [False, True])
def test_what_may_lead_elsewhere_is_not(name: str, hidden: bool) -> None:
    assert not is_safe(name, hidden=hidden)


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "a/.git/config",
        ".a/b",
        "%2eenv",
        "\uff0eenv",
        ".\u200cenv",
        "\u200c.env",
    ],
)
def test_hidden_files_are_refused_unless_allowed(name: str) -> None:
    assert not is_safe(name)
    assert is_safe(name, hidden=True)


@pytest.mark.parametrize(
    "name",
    [
        "con", "CON", "nul.txt", "a/aux", "Com1.log", "lpt9", "com¹", "prn .txt",
        "conin$", "a.txt::$DATA", "c:a", "a.txt.", "a.txt ", "a./b", "NUL.tar.gz",
    ],
)  # fmt: skip
def test_what_windows_reads_as_something_else_is_refused_there(name: str) -> None:
    assert is_safe(name, windows=False)
    assert not is_safe(name, windows=True)


@pytest.mark.parametrize("name", ["console", "com", "com10", "nullable.txt", "a.con"])
def test_what_only_looks_like_a_device_is_a_file(name: str) -> None:
    assert is_safe(name, windows=True)


@given(st.text())
def test_no_safe_name_has_a_step_that_leaves_its_folder(name: str) -> None:
    if is_safe(name, hidden=True):
        assert not {"", ".", ".."} & set(name.split("/"))
        assert "\\" not in name
        assert "\0" not in name


# -- patterns --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("*.pdf", ["a.pdf", "a/b/C.PDF"], ["a.txt", "a.pdf/b", "pdf"]),
        ("readme", ["README", "a/readme"], ["readme/a"]),
        ("docs/*.pdf", ["docs/a.pdf"], ["a.pdf", "docs/b/a.pdf", "DOCS/a.pdf", "docs"]),
        ("docs/**", ["docs/a", "docs/a/b/c"], ["a", "docsx/a"]),
        ("**/a.txt", ["a.txt", "x/a.txt", "x/y/a.txt"], ["b.txt", "x/a.txt/b"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "a/b", "b/z"]),
        ("**/a/**/b", ["a/b", "x/a/b", "a/x/y/b"], ["b", "a", "b/a"]),
        ("**", ["a", "a/b"], []),
        ("[ab]?.txt", ["a1.txt", "x/b2.TXT"], ["c1.txt", "a.txt"]),
    ],
)
def test_a_pattern_fits(pattern: str, fitting: list[str], others: list[str]) -> None:
    patterns = Patterns([pattern])
    assert [name for name in fitting if not patterns.fit(name)] == []
    assert [name for name in others if patterns.fit(name)] == []


def test_without_patterns_everything_fits() -> None:
    assert Patterns([]).fit("a/b")
    assert Patterns([]).lead_through("a")
    assert not Patterns([])
    assert Patterns(["**"])


@pytest.mark.parametrize(
    ("pattern", "folders", "others"),
    [
        ("*.pdf", ["a", "a/b"], []),
        ("docs/*.pdf", ["docs"], ["a", "docs/b", "Docs"]),
        ("docs/**/*.pdf", ["docs", "docs/b/c"], ["a"]),
        ("**/x/y", ["a", "x", "a/x"], []),
    ],
)
def test_a_pattern_leads_through(
    pattern: str, folders: list[str], others: list[str]
) -> None:
    patterns = Patterns([pattern])
    assert [name for name in folders if not patterns.lead_through(name)] == []
    assert [name for name in others if patterns.lead_through(name)] == []


@pytest.mark.parametrize(
    "wrong", ["*.pdf", [""], ["/a"], ["../*"], ["a//b"], [3], [None], ["a\\b"], ["a/"]]
)
def test_what_is_no_pattern_is_refused(wrong: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="patterns|pattern"):
        Patterns(wrong)


def test_the_time_of_a_pattern_is_that_of_the_name() -> None:
    patterns = Patterns(["**/a*a*a*a*a*a*b/**/a/**/a/**/c"])
    started = time.perf_counter()
    assert not patterns.fit("/".join(["a"] * 500))
    assert not patterns.fit("a" * 1000)
    assert time.perf_counter() - started < 1
