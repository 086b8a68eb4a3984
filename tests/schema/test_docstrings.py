"""What a docstring says, in the three styles people write."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.schema.docstrings import Docstring, parse

GOOGLE = """
    Count the copies of a book.

    Counts only what is on the shelf.

    Args:
        isbn (str): The 13 digits,
            without dashes.
        limit (dict[str, int]): At most: so many.
        *rest: What else.

    Returns:
        int: The number.

    Raises:
        ToolError: When there is none.

    Note:
        Slow on Mondays.
"""
NUMPY = """Count the copies of a book.

    Parameters
    ----------
    isbn : str
        The 13 digits,
        without dashes.
    low, high : int, optional
        The bounds.

    Returns
    -------
    int
        The number.

    Notes
    -----
    Slow on Mondays.
"""
SPHINX = """Count the copies of a book.

    :param isbn: The 13 digits,
        without dashes.
    :param int limit: At most so many.
    :type isbn: str
    :returns: The number.
    :raises ToolError: When there is none.
"""


def test_google_style_is_read() -> None:
    docstring = parse(GOOGLE)
    assert docstring.arguments == {
        "isbn": "The 13 digits, without dashes.",
        "limit": "At most: so many.",
        "rest": "What else.",
    }
    assert docstring.summary_and_body == (
        "Count the copies of a book.\n\n"
        "Counts only what is on the shelf.\n\n"
        "Note:\n    Slow on Mondays."
    )


def test_numpy_style_is_read() -> None:
    docstring = parse(NUMPY)
    assert docstring.arguments == {
        "isbn": "The 13 digits, without dashes.",
        "low": "The bounds.",
        "high": "The bounds.",
    }
    assert docstring.summary_and_body == (
        "Count the copies of a book.\n\nNotes\n-----\nSlow on Mondays."
    )


def test_sphinx_style_is_read() -> None:
    assert parse(SPHINX) == Docstring(
        "Count the copies of a book.",
        {"isbn": "The 13 digits, without dashes.", "limit": "At most so many."},
    )


@pytest.mark.parametrize("text", [None, "", "   \n  "])
def test_no_docstring_says_nothing(text: str | None) -> None:
    assert parse(text) == Docstring("", {})


def test_prose_with_colons_stays_prose() -> None:
    text = "Do this: now.\n\nTwo ways:\n    one: first\n    two: second"
    assert parse(text) == Docstring(text, {})


def test_a_section_without_entries_is_left_out() -> None:
    assert parse("Do it.\n\nArgs:\n\nMore.") == Docstring("Do it.\n\nMore.", {})


_pieces = st.sampled_from([
    "Args:", "Parameters", "----------", ":param x:", "    x (int): y", "x : int",
    "(", ":", "\n", "\n\n", "    ", "Returns:", "\t", "x, y", "*", ",",
])  # fmt: skip


@given(st.lists(_pieces | st.text(max_size=20), max_size=30).map("\n".join))
def test_any_text_is_read(text: str) -> None:
    docstring = parse(text)
    assert all(name and value for name, value in docstring.arguments.items())


@pytest.mark.parametrize(
    "piece",
    [
        "Args:\n", "    x: y\n", "Parameters\n---\n", ":param x: y\n", "x (", "\n",
        "x, ", "Args:\n    a (", ":param " + "x" * 50,
    ],
)  # fmt: skip
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    def seconds(times: int) -> float:
        start = time.perf_counter()
        parse("Do it.\n\nArgs:\n" + piece * times)
        return time.perf_counter() - start

    assert seconds(20_000) < 2
