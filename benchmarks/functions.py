"""The functions that every contestant serves as tools.

Plain Python: whoever serves them, the work inside is the same. ``rows`` needs
a configured Django.
"""

from collections.abc import Callable
from typing import Any

from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

MANY = 300
ROWS = 100_000
SHELVES = 100

# Models cannot be imported before Django is set up; those who only echo
# never set it up.
_Product: Any = SimpleLazyObject(
    lambda: import_string("benchmarks.project.models.Product")
)


async def echo(text: str) -> str:
    """Return the text.

    Args:
        text: What to return.
    """
    return text


def echo_sync(text: str) -> str:
    """Return the text, from a synchronous function.

    Args:
        text: What to return.
    """
    return text


async def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b


def add_sync(a: int, b: int) -> int:
    """Add two numbers, in a synchronous function.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b


def rows(shelf: int) -> list[dict[str, Any]]:
    """Return the first 20 products of a shelf.

    Args:
        shelf: The number of the shelf.
    """
    products = _Product.objects.filter(shelf=shelf).order_by("id")
    return list(products.values("id", "title", "stock")[:20])


def others(count: int) -> list[Callable[..., Any]]:
    """Return further tools, each with a name and a description of its own."""
    return [_other(number) for number in range(count)]


def _other(number: int) -> Callable[..., Any]:
    async def other(isbn: str, count: int = 1, reserve: bool = False) -> str:
        return f"{number}: {count} of {isbn}"

    other.__name__ = other.__qualname__ = f"other_{number:03}"
    other.__doc__ = f"""Order a book from supplier number {number}.

    Args:
        isbn: The 13 digit ISBN, without dashes.
        count: How many copies to order from the supplier.
        reserve: Whether to keep them for the caller until they are collected.
    """
    return other
