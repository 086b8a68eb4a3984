"""What an MCP client sees of the shop. Found by autodiscovery, as admin.py is.

Read it from the top: each function shows one thing more than the one before.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import Q
from pydantic import BaseModel, Field

from django_mcp import Context, ModelToolset, ToolError, action, mcp
from example_project.shop.forms import BookForm, OrderForm, ReturnForm, WishForm
from example_project.shop.models import Author, Book, Order

mcp.title = "The bookshop"  # what people read

# -- tools: what a model may do ---------------------------------------------


@mcp.tool(read_only=True)
def stock_of(isbn: str) -> int:
    """How many copies of one book are on the shelf.

    Args:
        isbn: The 13 digit ISBN, without dashes.
    """
    try:
        return Book.objects.get(isbn=isbn).stock
    except Book.DoesNotExist:
        raise ToolError(f"No book has the ISBN {isbn}.") from None


class BookSummary(BaseModel):
    """What leaves the shop about a book. A model is never sent whole."""

    isbn: str
    title: str
    author: str
    price: Decimal


def summary_from_book(book: Book) -> BookSummary:
    return BookSummary(
        isbn=book.isbn, title=book.title, author=book.author.name, price=book.price
    )


@mcp.tool(read_only=True)
def search_books(
    words: Annotated[str, Field(min_length=2)],
    max_price: Decimal | None = None,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
) -> list[BookSummary]:
    """Find books by words of their title or by their author.

    Args:
        words: Part of the title, or part of the author's name.
        max_price: Leave out what costs more.
        limit: Return at most this many.
    """
    books = Book.objects.select_related("author").filter(
        Q(title__icontains=words) | Q(author__name__icontains=words)
    )
    if max_price is not None:
        books = books.filter(price__lte=max_price)
    return [summary_from_book(book) for book in books[:limit]]


class Stocktake(BaseModel):
    titles: int
    copies: int


@mcp.tool(read_only=True)
async def stocktake(context: Context) -> Stocktake:
    """Count every copy in the shop, and say how far the counting is."""
    titles = await Book.objects.acount()
    counted = copies = 0
    async for book in Book.objects.all():
        counted += 1
        copies += book.stock
        await context.aprogress(counted, titles, book.title)
    return Stocktake(titles=titles, copies=copies)


@mcp.tool(destructive=False)
def order_book(isbn: str, context: Context) -> str:
    """Order a book. Asks the customer how many copies they want.

    Args:
        isbn: The 13 digit ISBN, without dashes.
    """
    book = Book.objects.select_for_update().get(isbn=isbn)
    # The call ends here the first time, and starts again with the answer.
    answer = context.elicit(f"How many copies of {book}?", OrderForm, key="order")
    if not answer:
        return "Nothing was ordered."
    if answer["copies"] > book.stock:
        raise ToolError(f"Only {book.stock} copies of {book} are left.")
    book.stock -= answer["copies"]
    book.save(update_fields=["stock"])
    order = Order.objects.create(
        book=book, copies=answer["copies"], note=answer["note"]
    )
    return f"Order {order.pk}: {order}."


# What a client that logs in first asks its person for, and what contains it. Callers
# without a token are bound by Django's permissions alone.
mcp.base_scopes = {"shop:read"}
mcp.implied_scopes = {"shop:write": ["shop:read"]}


@mcp.tool(permission="shop.change_order", scopes=["shop:write"], destructive=True)
def return_order(order: Order, context: Context) -> str:
    """Take an order back. Only for clerks; nobody else even sees it.

    Args:
        order: The number of the order.
    """
    if order.status == Order.Status.RETURNED:
        raise ToolError(f"Order {order.pk} has been returned before.")
    answer = context.elicit("Why is it coming back?", ReturnForm, key="reason")
    if not answer:
        return "The order stays as it is."
    order.status = Order.Status.RETURNED
    order.note = ReturnForm.REASONS[answer["reason"]]
    order.save(update_fields=["status", "note"])
    if answer["restock"]:
        order.book.stock += order.copies
        order.book.save(update_fields=["stock"])
    return f"Order {order.pk} was taken back."


# -- models: tools, resources and completions from one list of fields --------


@mcp.register(Book)
class BookToolset(ModelToolset):
    """The shelves, for everybody: list_books, get_book, aggregate_books."""

    fields = [
        "isbn",
        "title",
        "price",
        "stock",
        "published",
        {"author": ["id", "name"]},
    ]
    lookup_field = "isbn"
    filter_fields = {
        "author": ["exact"],
        "price": ["gte", "lte"],
        "published": ["year"],
        "stock": ["gt"],
    }
    search_fields = ["title", "author__name"]
    ordering_fields = ["title", "price", "published"]

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        return True


@mcp.register(Order)
class OrderToolset(ModelToolset):
    """Orders, for clerks: by default Django's permissions decide."""

    fields = ["id", "book__title", "copies", "status", "note", "placed_at"]
    filter_fields = {"status": ["exact"], "placed_at": ["gte", "lt"]}
    ordering_fields = ["placed_at"]
    actions = ["list", "get", "aggregate", "update"]
    writable_fields = ["note"]

    @action(permissions=["change"], idempotent=True)
    def send(self, context: Context, order: Order) -> None:
        """Note that an order has left the shop."""
        if order.status != Order.Status.PLACED:
            raise ToolError(f"Order {order.pk} is {order.get_status_display()}.")
        order.status = Order.Status.SENT
        order.save(update_fields=["status"])


# -- forms: what a model fills in --------------------------------------------


@mcp.form_tool(WishForm, destructive=False)
def wish_for_book(cleaned_data: dict[str, Any]) -> str:
    """Ask the shop to get a book that it does not have."""
    day = cleaned_data["by"]
    until = f" by {day:%d %B %Y}" if day else ""
    return f"The shop will look for “{cleaned_data['title']}”{until}."


# Saved by clerks alone: by default Django's permissions decide.
mcp.form_tool(BookForm)

# -- views: the shop's own pages, with the permissions they have in the browser --

mcp.view("shop:shelf", fields=["title", "author__name", "price"])
mcp.view("shop:report", name="orders_of_year", context=["totals"])


# -- resources: what a client may read --------------------------------------


@mcp.resource("shop://catalogue", mime_type="text/markdown")
def catalogue() -> str:
    """Every book of the shop, as a list."""
    books = Book.objects.select_related("author")
    return "\n".join(
        f"- [{book.title}](shop://book/{book.isbn}) by {book.author}" for book in books
    )


def isbns(value: str) -> list[str]:
    """Complete an ISBN while it is being typed."""
    books = Book.objects.filter(isbn__startswith=value)
    return list(books.values_list("isbn", flat=True)[:100])


@mcp.resource("shop://book/{isbn}", complete={"isbn": isbns})
def book(isbn: str) -> BookSummary:
    """One book of the shop."""
    return summary_from_book(Book.objects.select_related("author").get(isbn=isbn))


# -- templates: words that are files ----------------------------------------


def author_context(author: Author) -> dict[str, Any]:
    """One author of the shop, and what there is to read.

    Args:
        author: The number of the author.
    """
    return {"author": author, "books": author.books.all()}


mcp.resource_template(
    "shop://author/{author}", template="shop/author.md", context=author_context
)

# shop/templates/shop/prompts/review.md is found by itself.


# -- prompts: what a person may choose to say -------------------------------


@mcp.prompt
def recommend(
    mood: Literal["cheerful", "gloomy", "adventurous"] = "cheerful", budget: int = 20
) -> str:
    """Ask for a book that fits a mood and a purse.

    Args:
        mood: What the reader feels like.
        budget: The most it may cost, in euros.
    """
    return (
        f"I feel {mood} and would like to read something that fits. Search the"
        f" shop, recommend one book for at most {budget} euros, and say why."
    )
