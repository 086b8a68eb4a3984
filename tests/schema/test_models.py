"""Parameters that are rows of a table."""

from typing import Annotated, Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from django_mcp.schema.arguments import ArgumentErrors, arguments_from_function
from django_mcp.schema.models import is_model
from tests.testapp.models import Author, Book


def one(book: Book) -> Any: ...


def several(books: list[Book], author: Author | None = None) -> Any: ...


WhichBook = Annotated[Book, "Which book"]


def described(book: WhichBook) -> Any: ...


@pytest.fixture
def books(db: None) -> list[Book]:
    author = Author.objects.create(name="Ursula")
    return [Book.objects.create(title=f"{i}", author=author) for i in range(3)]


def properties(function: Any) -> dict[str, Any]:
    found: dict[str, Any] = arguments_from_function(function).json_schema["properties"]
    return found


def test_clients_see_keys() -> None:
    assert properties(one)["book"] == {
        "type": "integer",
        "description": "The id of one book",
    }
    assert properties(several)["books"] == {
        "type": "array",
        "items": {"type": "integer"},
        "description": "The ids of books",
    }
    assert properties(described)["book"]["description"] == "Which book"


def test_the_function_gets_the_row(books: list[Book]) -> None:
    arguments = arguments_from_function(one)
    assert arguments.validate({"book": books[1].pk}) == {"book": books[1]}
    assert arguments.parse({"book": books[1].pk}) == {"book": books[1].pk}


def test_several_rows_take_one_query_and_keep_their_order(
    books: list[Book], django_assert_num_queries: Any
) -> None:
    wanted = [books[2].pk, books[0].pk, books[2].pk]
    validate = arguments_from_function(several).validate
    with django_assert_num_queries(1):
        values = validate({"books": wanted, "author": None})
    assert values == {"books": [books[2], books[0], books[2]], "author": None}


@pytest.mark.parametrize("key", [0, -1, 10**30])
def test_a_key_of_nothing_is_an_argument_error(books: list[Book], key: int) -> None:
    with pytest.raises(ArgumentErrors) as caught:
        arguments_from_function(one).validate({"book": key})
    assert str(caught.value) == "book: there is no book with this id"
    with pytest.raises(ArgumentErrors) as caught:
        arguments_from_function(several).validate({"books": [books[0].pk, key]})
    assert str(caught.value) == "books[1]: there is no book with this id"


@pytest.mark.django_db(transaction=True)
def test_rows_are_fetched_without_blocking() -> None:
    async def fetch() -> None:
        author = await Author.objects.acreate(name="Ursula")
        book = await Book.objects.acreate(title="A", author=author)
        fetch_one = arguments_from_function(one).avalidate
        fetch_all = arguments_from_function(several).avalidate
        assert await fetch_one({"book": book.pk}) == {"book": book}
        assert await fetch_all({"books": [book.pk]}) == {"books": [book]}
        assert await fetch_all({"books": [], "author": None}) == {
            "books": [],
            "author": None,
        }
        with pytest.raises(ArgumentErrors):
            await fetch_one({"book": 0})
        with pytest.raises(ArgumentErrors):
            await fetch_all({"books": [0]})
        await sync_to_async(author.delete)()

    async_to_sync(fetch)()


def test_keys_of_related_rows_are_followed() -> None:
    class Novel(Book):
        class Meta:
            app_label = "testapp_novels"

    def read(novel: Novel) -> Any: ...

    assert properties(read)["novel"]["type"] == "integer"


def test_a_key_that_has_no_words_in_json_is_refused() -> None:
    class Blob(models.Model):  # noqa: DJ008
        key = models.BinaryField(primary_key=True)

        class Meta:
            app_label = "testapp_blobs"

    def read(blob: Blob) -> Any: ...

    with pytest.raises(ImproperlyConfigured, match="BinaryField"):
        arguments_from_function(read)


def test_rows_deep_inside_are_refused() -> None:
    def read(books: dict[str, Book]) -> Any: ...

    with pytest.raises(ImproperlyConfigured, match="Book"):
        arguments_from_function(read)


def test_models_are_told_from_other_classes() -> None:
    assert is_model(Book)
    assert is_model(ContentType)
    assert not is_model(Book.Format)
    assert not is_model(Book())
