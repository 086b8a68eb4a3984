"""How the function behind a primitive is called."""

import asyncio
import inspect
import timeit
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered, ToolError
from django_mcp.providers.calls import (
    call_from_function,
    call_with_schema,
    checked_call,
    in_transaction,
    is_async,
    reader_from_call,
)
from django_mcp.questions import InputRequired
from django_mcp.schema.arguments import ArgumentErrors, arguments_from_function
from tests.providers.callers import context_of
from tests.testapp.models import Author, Book

CONTEXT = context_of()
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"isbn": {"type": "string"}},
    "required": ["isbn"],
}


def call(function: Any, arguments: dict[str, Any]) -> Any:
    step = call_from_function(function, arguments_from_function(function))
    result = step(CONTEXT, arguments)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def add(a: int, b: int = 1) -> int:
    return a + b


async def aadd(a: int, b: int = 1) -> int:
    return a + b


def asked(a: int, here: Context) -> Any:
    return a, here


async def aasked(a: int, here: Context) -> Any:
    return a, here


def rows(count: int) -> Iterator[int]:
    yield from range(count)


async def arows(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


class Adder:
    def __call__(self, a: int) -> int:
        return a + 1

    async def later(self, a: int) -> int:
        return a + 1


class AsyncAdder:
    async def __call__(self, a: int) -> int:
        return a + 1


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    [
        (add, {"a": "1"}, 2),
        (aadd, {"a": 1, "b": 2}, 3),
        (asked, {"a": 1}, (1, CONTEXT)),
        (aasked, {"a": 1}, (1, CONTEXT)),
        (rows, {"count": 3}, [0, 1, 2]),
        (arows, {"count": 3}, [0, 1, 2]),
        (Adder(), {"a": 1}, 2),
        (AsyncAdder(), {"a": 1}, 2),
        (Adder().later, {"a": 1}, 2),
        (partial(add, b=5), {"a": 1}, 6),
        (partial(aadd, b=5), {"a": 1}, 6),
    ],
)
def test_the_function_gets_its_arguments_and_the_context(
    function: Any, arguments: dict[str, Any], result: Any
) -> None:
    assert call(function, arguments) == result


@pytest.mark.parametrize(
    ("function", "asynchronous"),
    [
        (add, False), (aadd, True), (rows, False), (arows, True), (Adder(), False),
        (AsyncAdder(), True), (Adder().later, True), (partial(aadd, b=1), True),
    ],
)  # fmt: skip
def test_async_functions_are_told_from_others(
    function: Any, asynchronous: bool
) -> None:
    assert is_async(function) is asynchronous


def test_arguments_that_do_not_fit_never_reach_the_function() -> None:
    with pytest.raises(ArgumentErrors, match="a: should be a valid integer"):
        call(add, {"a": "x"})


@pytest.mark.django_db(transaction=True)
def test_an_async_function_gets_its_rows_without_blocking() -> None:
    async def title(book: Book, context: Context) -> str:
        return f"{book.title} {context is CONTEXT}"

    async def plain(book: Book) -> str:
        return book.title

    author = Author.objects.create(name="Ursula")
    book = Book.objects.create(title="A", author=author)
    assert call(title, {"book": book.pk}) == "A True"
    assert call(plain, {"book": book.pk}) == "A"


# -- an author's schema --------------------------------------------------------


def everything(**arguments: Any) -> Any:
    return arguments


def everything_here(context: Context, **arguments: Any) -> Any:
    return context, arguments


def whole(arguments: dict[str, Any]) -> Any:
    return arguments


def whole_untyped(arguments):  # type: ignore[no-untyped-def]
    return arguments


def each(isbn: str, context: Context, limit: int = 3) -> Any:
    return isbn, limit


async def aeach(isbn: str) -> Any:
    return isbn


@pytest.mark.needs("jsonschema")
@pytest.mark.parametrize(
    ("function", "result"),
    [
        (everything, {"isbn": "x"}),
        (everything_here, (CONTEXT, {"isbn": "x"})),
        (whole, {"isbn": "x"}),
        (whole_untyped, {"isbn": "x"}),
        (each, ("x", 3)),
        (aeach, "x"),
    ],
)
def test_what_the_schema_allows_is_passed_as_it_came(
    function: Any, result: Any
) -> None:
    step, _ = call_with_schema(function, SCHEMA)
    found = step(CONTEXT, {"isbn": "x"})
    assert (asyncio.run(found) if inspect.iscoroutine(found) else found) == result


@pytest.mark.needs("jsonschema")
def test_what_the_schema_refuses_is_refused() -> None:
    step, _ = call_with_schema(everything, SCHEMA)
    with pytest.raises(ArgumentErrors, match="isbn: field required"):
        step(CONTEXT, {})


@pytest.mark.needs("jsonschema")
def test_an_argument_without_a_parameter_is_refused() -> None:
    step, _ = call_with_schema(each, SCHEMA)
    with pytest.raises(ArgumentErrors, match="context: unknown argument"):
        step(CONTEXT, {"isbn": "x", "context": 1})


@pytest.mark.needs("jsonschema")
def test_a_client_cannot_stand_in_for_the_context() -> None:
    step, _ = call_with_schema(everything_here, SCHEMA)
    assert step(CONTEXT, {"isbn": "x", "context": 1}) == (CONTEXT, {"isbn": "x"})


@pytest.mark.needs("jsonschema")
@pytest.mark.parametrize("function", [add, Adder().later, asked])
def test_a_schema_that_does_not_fit_the_function_is_refused(function: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="does not fit"):
        call_with_schema(function, SCHEMA)


# -- results and resources -----------------------------------------------------


def test_results_are_checked_when_they_are_there() -> None:
    def check(value: Any) -> Any:
        return value * 10

    step = call_from_function(add, arguments_from_function(add))
    astep = call_from_function(aadd, arguments_from_function(aadd))
    plain: Any = checked_call(step, check, asynchronous=False)(CONTEXT, {"a": 1})
    assert plain == 20
    later: Any = checked_call(astep, check, asynchronous=True)(CONTEXT, {"a": 1})
    assert asyncio.run(later) == 20


@pytest.mark.django_db
def test_variables_that_do_not_fit_mean_that_nothing_is_there() -> None:
    read = reader_from_call(call_from_function(add, arguments_from_function(add)))
    assert read(CONTEXT, "x://1", {"a": "1"}) == 2
    with pytest.raises(NotRegistered, match="x://y"):
        read(CONTEXT, "x://y", {"a": "y"})


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_missing_mean_that_nothing_is_there() -> None:
    async def title(book: Book) -> str:
        return book.title

    step = call_from_function(title, arguments_from_function(title, strings=True))
    read = reader_from_call(step)
    book = Book.objects.create(title="A", author=Author.objects.create(name="U"))
    assert asyncio.run(read(CONTEXT, "x://1", {"book": str(book.pk)})) == "A"
    with pytest.raises(NotRegistered):
        asyncio.run(read(CONTEXT, "x://0", {"book": "0"}))


# -- transactions --------------------------------------------------------------


def write(name: str, context: Context) -> bool:
    Author.objects.create(name=name)
    if name == "refuse":
        raise ToolError("no")
    if name == "fail":
        raise ValueError(name)
    if name == "ask":
        raise InputRequired([])
    return connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "error"),
    [("refuse", ToolError), ("fail", ValueError), ("ask", InputRequired)],
)
def test_refusing_failing_and_asking_undo_what_was_done(
    name: str, error: type[BaseException]
) -> None:
    step = call_from_function(write, arguments_from_function(write))
    atomic = in_transaction(step, "default")
    assert atomic(CONTEXT, {"name": "kept"}) is True
    with pytest.raises(error):
        atomic(CONTEXT, {"name": name})
    assert [author.name for author in Author.objects.all()] == ["kept"]


@pytest.mark.parametrize(
    "settings", [{}, {"default": {"ENGINE": "django.db.backends.dummy"}}]
)
def test_a_project_without_a_database_needs_no_transaction(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = in_transaction(lambda context, values: "done", "default")
    configured = connections.configure_settings(settings)
    monkeypatch.setattr(connections, "settings", configured)
    assert step(CONTEXT, {}) == "done"


def test_calling_adds_little() -> None:
    def bare(a: int, b: int) -> int:
        return a + b

    arguments = arguments_from_function(bare)
    step, values = call_from_function(bare, arguments), {"a": 1, "b": 2}
    whole = min(timeit.repeat(lambda: step(CONTEXT, values), number=20_000))
    parts = min(
        timeit.repeat(lambda: bare(**arguments.validate(values)), number=20_000)
    )
    # 0.2 µs where this was written; the bound leaves room for a busy machine.
    assert (whole - parts) / 20_000 < 2e-6
