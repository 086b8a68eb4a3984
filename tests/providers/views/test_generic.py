"""Forms of views: their fields are arguments, and their errors are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.utils import translation

from django_mcp import MCPServer, ToolError
from django_mcp.primitives import anyone
from django_mcp.providers.views.filling import Shown, blank_form, forms_in
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.callers import context_of
from tests.providers.views.calls import called, mistake_of, result_of, text_of, tool_of
from tests.testapp import pages
from tests.testapp.models import Author, Book, Step, Task, Team
from tests.testapp.pages import ContactForm, SearchForm

pytestmark = [pytest.mark.django_db, pytest.mark.needs("html")]


@pytest.fixture
def book() -> Book:
    author = Author.objects.create(name="Austen")
    return Book.objects.create(
        title="Emma", author=author, stock=3, price="9.50", format="hardback"
    )


def test_the_form_of_a_class_is_its_arguments() -> None:
    tool = tool_of("contact-class")
    assert set(tool.input_schema["properties"]) == {"name", "copies", "urgent"}
    assert tool.input_schema["required"] == ["name"]
    assert not tool.read_only


def test_what_is_hidden_is_sent_along() -> None:
    found = called(tool_of("contact-class"), name="Ann")
    assert found.structured == {"location": "/thanks/", "messages": ["kept!"]}


def test_fields_that_a_form_makes_for_itself_are_arguments(users: Any) -> None:
    schema = tool_of("own-fields").input_schema
    assert set(schema["properties"]) == {"name", "colour", "copies", "urgent"}
    # What a stranger is not shown is there, and is theirs to whom it is shown.
    assert schema["required"] == ["name", "colour"]
    tool = tool_of("own-fields")
    done = called(tool, users["staff"], name="Ann", colour="red", copies=2)
    assert done.structured["location"] == "/thanks/"
    with pytest.raises(ArgumentErrors, match="copies: cannot be set here"):
        called(tool, users["plain"], name="Ann", colour="red", copies=2)
    with pytest.raises(ArgumentErrors, match="urgent: cannot be set here"):
        called(tool, users["plain"], name="Ann", colour="red", urgent=True)
    with pytest.raises(ArgumentErrors, match="colour: This field is required"):
        called(tool, users["staff"], name="Ann", colour="")


@pytest.mark.parametrize("middleware", [False, True])
def test_a_form_is_sent_with_all_its_page_has_and_by_a_button(middleware: bool) -> None:
    same = {
        "name": "Ann",
        "copies": "1",
        "token": "kept",
        "when_0": "2020-01-02",
        "when_1": "03:04:00",
        "day_year": "2021",
        "day_month": "1",
        "day_day": "2",
        "version": "3",
        "name_before": "Jo",
        "news": "on",
    }
    given = {"name": "Ann", "day": "2021-01-02"}
    tool = tool_of("buttons", middleware=middleware)
    first = called(tool, **given).structured
    # What a view keeps in the session for the form is still there.
    assert first == {**same, "act": "send", "seen": True}
    tool = tool_of("buttons", button="keep", middleware=middleware)
    assert called(tool, **given).structured == {**same, "keep": "yes", "seen": True}
    with pytest.raises(ToolError, match="The page shows no button 'search' now"):
        called(tool_of("buttons", button="search"), name="Ann")


def test_a_form_for_somebody_else_is_told_by_its_class() -> None:
    schema = tool_of("asserting").input_schema
    assert set(schema["properties"]) == {"name", "copies", "urgent"}


@pytest.mark.parametrize("target", ["contact", "contact-class"])
@pytest.mark.parametrize("middleware", [False, True])
def test_errors_are_told_by_field_in_the_forms_words(
    target: str, middleware: bool
) -> None:
    tool = tool_of(target, form=ContactForm, middleware=middleware)
    with pytest.raises(ArgumentErrors) as caught:
        called(tool, name="x" * 30, copies=0)
    assert caught.value.lines == [
        "name: Ensure this value has at most 20 characters (it has 30).",
        "copies: Ensure this value is greater than or equal to 1.",
    ]
    assert not Author.objects.exists()


def test_a_search_form_is_a_query() -> None:
    Author.objects.create(name="Austen")
    tool = tool_of("search", form=SearchForm, method="GET")
    assert tool.read_only
    assert "Austen" in called(tool, words="aus")
    with pytest.raises(ArgumentErrors, match="words: Ensure this value has at least 2"):
        called(tool, words="a")
    same = tool_of("search", query=SearchForm)
    assert same.read_only and "Austen" in called(same, words="aus", cheap=True)


def test_what_is_not_given_stays_as_it_is(book: Book, users: Any) -> None:
    tool = tool_of("book-edit")
    assert tool.input_schema["required"] == ["pk"]
    called(tool, users["permitted"], pk=book.pk, stock=5)
    book.refresh_from_db()
    assert (book.title, book.stock, str(book.price)) == ("Emma", 5, "9.50")


def test_a_page_that_hides_its_form_is_read_for_what_it_holds(book: Book) -> None:
    tool = tool_of("book-edit-function", form=pages.BookForm)
    called(tool, pk=book.pk, title="Emma", author=book.author_id, stock=5)
    book.refresh_from_db()
    assert (book.stock, str(book.price), book.format) == (5, "9.50", "hardback")
    with pytest.raises(ArgumentErrors, match="stock: Ensure this value is greater"):
        called(tool, pk=book.pk, title="Emma", author=book.author_id, stock=-1)


def test_a_form_that_is_not_shown_is_not_sent(book: Book, users: Any) -> None:
    tool = tool_of("book-edit")
    with pytest.raises(PermissionDenied):
        called(tool, users["plain"], pk=book.pk, stock=5)
    with pytest.raises(Http404):
        called(tool, users["permitted"], pk=0, stock=5)


def test_a_class_has_a_tool_for_each_method(book: Book, users: Any) -> None:
    shows = tool_of("book-delete", method="GET")
    deletes = tool_of("book-delete")
    assert (shows.read_only, shows.destructive) == (True, None)
    assert (deletes.read_only, deletes.destructive) == (False, True)
    called(shows, users["staff"], pk=book.pk)
    assert Book.objects.exists()
    called(deletes, users["staff"], pk=book.pk)
    assert not Book.objects.exists()


def test_other_methods_send_other_bodies() -> None:
    key = "12345678-1234-5678-1234-567812345678"
    assert tool_of("items", method="DELETE").destructive
    assert called(tool_of("items", method="DELETE"), key=key) is None
    assert called(tool_of("items"), key=key).structured == {"key": key}
    assert called(tool_of("items-async")).structured == {"items": []}
    assert mistake_of("items", method="PATCH").endswith("but GET, PUT, DELETE.")


def test_a_decorator_tells_the_method(book: Book) -> None:
    tool = tool_of("publish")
    assert not tool.read_only
    assert called(tool, pk=book.pk).structured == {"stock": 4}


def test_a_form_that_depends_on_the_caller_must_be_named() -> None:
    assert "cannot be told" in mistake_of("personal")
    assert "form=" in mistake_of("personal")
    assert tool_of("personal", form=ContactForm).input_schema["required"] == ["name"]


def test_a_page_of_a_list_is_chosen_only_where_there_are_pages() -> None:
    assert set(tool_of(pages.BookList).input_schema["properties"]) == {"page"}
    assert not tool_of("thanks").input_schema["properties"]


# -- the admin ---------------------------------------------------------------------


def test_the_admins_form_is_served_by_one_line(book: Book, users: Any) -> None:
    tool = tool_of("admin:testapp_book_change")
    names = {"object_id", "title", "author", "stock", "price", "format"}
    assert set(tool.input_schema["properties"]) == names
    assert tool.input_schema["required"] == ["object_id"]
    result = result_of(tool, users["superuser"], object_id=str(book.pk), stock=8)
    assert "was changed successfully" in text_of(result)
    book.refresh_from_db()
    assert (book.title, book.stock) == ("Emma", 8)
    with pytest.raises(ArgumentErrors, match="stock: Ensure this value is greater"):
        called(tool, users["superuser"], object_id=str(book.pk), stock=-1)


def test_who_may_not_enter_the_admin_does_not_hear_of_its_tools(users: Any) -> None:
    server = MCPServer("tests")
    for name in ("testapp_book_change", "password_change", "autocomplete"):
        server.view(f"admin:{name}", answer="text")
    server.view("admin:login", name="login", answer="text")
    server.view("admin:index", name="everybody", allowed=anyone, answer="text")
    server.view("admin:index", permission="testapp.add_book", answer="text")
    server.go_live()

    def listed(who: str) -> set[str]:
        context = context_of(user=users[who])
        shelf = server.registry.tools
        return {tool.name for tool in shelf.visible(shelf.passed(context))}

    assert listed("anonymous") == listed("plain") == {"login", "everybody"}
    within = {
        "admin_testapp_book_change",
        "admin_password_change",
        "admin_autocomplete",
    }
    assert listed("staff") == {"login", "everybody", *within}
    assert listed("clerk") == {"login", "everybody", "admin_index", *within}


def test_a_field_that_the_admin_does_not_show_cannot_be_set(
    book: Book, users: Any
) -> None:
    tool = tool_of("admin:testapp_book_change")
    with pytest.raises(ArgumentErrors, match="price: cannot be set here"):
        called(tool, users["clerk"], object_id=str(book.pk), price=1)
    with pytest.raises(PermissionDenied):
        called(tool, users["staff"], object_id=str(book.pk), stock=1)


def test_the_inlines_of_the_admin_stay_as_they_are(book: Book, users: Any) -> None:
    tool = tool_of("admin:testapp_author_change")
    key = str(book.author_id)
    called(tool, users["superuser"], object_id=key, name="Jane Austen")
    assert Author.objects.get().name == "Jane Austen"
    assert Book.objects.get().stock == 3


def test_the_admin_deletes_and_lists(book: Book, users: Any) -> None:
    listing = tool_of("admin:testapp_book_changelist")
    assert set(listing.input_schema["properties"]) == {"link", "p", "q"}
    assert "Emma" in called(listing, users["superuser"], q="emm")
    assert "Emma" not in called(listing, users["superuser"], q="nothing")
    deletes = tool_of("admin:testapp_book_delete")
    assert deletes.destructive
    called(deletes, users["superuser"], object_id=str(book.pk))
    assert not Book.objects.exists()


def test_a_list_of_the_admin_follows_its_own_links(book: Book, users: Any) -> None:
    Book.objects.create(title="Persuasion", author=book.author, stock=9)
    listing = tool_of("admin:testapp_book_changelist")

    def titles(**arguments: Any) -> list[str]:
        page = called(listing, users["superuser"], **arguments)
        found = re.findall(r"\[(Emma|Persuasion)\]", page)
        assert isinstance(found, list)
        return found

    [link] = re.findall(r"\[9\]\((\?\S+)\)", called(listing, users["superuser"]))
    assert titles(link=link) == ["Persuasion"]
    assert titles(link=link, q="emm") == []
    assert titles(link="?q=emm", q="pers") == ["Persuasion"]
    assert titles(link="?o=-1") == ["Persuasion", "Emma"]
    assert titles(link="?o=1") == ["Emma", "Persuasion"]
    with pytest.raises(ToolError, match="no such page of the list"):
        titles(link="?colour=red")
    # What the admin lets nobody look up, no link does.
    with pytest.raises(ToolError):
        titles(link="?author__name__startswith=A")


def test_a_link_that_is_too_long_is_refused(
    book: Book, users: Any, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    listing = tool_of("admin:testapp_book_changelist")
    with pytest.raises(ArgumentErrors, match="link: is no link of the list"):
        called(listing, users["superuser"], link="?o=1&q=emm")


def test_the_admins_tools_say_what_they_do(db: None) -> None:
    expected = {
        "add": ("Add one book.", False, None),
        "change": ("Change one book; what is not sent stays.", None, None),
        "delete": ("Delete one book.", True, None),
        "changelist": ("List books.", None, True),
    }
    for view, (words, destructive, read_only) in expected.items():
        tool = tool_of(f"admin:testapp_book_{view}")
        assert str(tool.description) == words
        assert (tool.destructive, tool.read_only or None) == (destructive, read_only)
    key = tool_of("admin:testapp_book_change").input_schema["properties"]["object_id"]
    assert key["description"] == "The key of the row." and "pattern" not in key


def test_words_for_a_hand_are_left_out(db: None) -> None:
    for language in ("en", "de"):
        with translation.override(language):
            tool = tool_of("admin:auth_user_change")
            fields = tool.input_schema["properties"]
            words = [
                str(fields[n]["description"]) for n in ("groups", "user_permissions")
            ]
        assert all(words) and not any("Mac" in one for one in words)


def test_what_the_admin_does_not_delete_is_an_error(users: Any) -> None:
    team = Team.objects.create(name="A")
    task = Task.objects.create(title="Keep", team=team, number=1)
    Step.objects.create(task=task)
    tool = tool_of("admin:testapp_task_delete")
    result = result_of(tool, users["superuser"], object_id=str(task.pk))
    said = text_of(result)
    assert result["isError"] and "would require deleting the following" in said


def test_who_is_led_elsewhere_has_no_form(users: Any) -> None:
    tool = tool_of("admin:testapp_book_change")
    with pytest.raises(ToolError) as caught:
        called(tool, users["superuser"], object_id="9", stock=5)
    assert str(caught.value) == (
        "book with ID “9” doesn’t exist. Perhaps it was deleted?\n"
        "There is no form to send. It goes on at /admin/"
    )


def test_the_admin_searches_what_a_field_may_be(book: Book, users: Any) -> None:
    tool = tool_of("admin:autocomplete")
    field = {"app_label": "testapp", "model_name": "book", "field_name": "author"}
    assert tool.input_schema["required"] == [*field]
    found = called(tool, users["superuser"], **field, term="aus").structured
    assert found["results"] == [{"id": str(book.author_id), "text": "Austen"}]
    assert (
        called(tool, users["superuser"], **field, term="x").structured["results"] == []
    )
    with pytest.raises(PermissionDenied):
        called(tool, users["staff"], **field)


def test_the_forms_of_the_admin_itself_are_known(users: Any) -> None:
    chief = users["superuser"]
    chief.set_password("old word")
    chief.save()
    new = {"new_password1": "a new word", "new_password2": "a new word"}
    tool = tool_of("admin:password_change")
    with pytest.raises(ArgumentErrors, match="old_password: Your old password was"):
        called(tool, chief, old_password="wrong", **new)
    called(tool, chief, old_password="old word", **new)
    assert User.objects.get(pk=chief.pk).check_password("a new word")
    tool = tool_of("admin:auth_user_password_change")
    other = {"id": str(users["plain"].pk), "password1": "b word", "password2": "b word"}
    called(tool, chief, **other)
    users["plain"].refresh_from_db()
    assert users["plain"].check_password("b word")
    assert set(tool_of("admin:login").input_schema["properties"]) == {
        "username",
        "password",
    }


def test_the_admin_adds(book: Book, users: Any) -> None:
    called(
        tool_of("admin:testapp_book_add"),
        users["superuser"],
        title="Lady Susan",
        author=book.author_id,
    )
    assert Book.objects.filter(title="Lady Susan", stock=0).exists()
    assert User.objects.count() == len(users) - 1


# -- filling in --------------------------------------------------------------------


class NeedsUser(ContactForm):
    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def test_a_form_that_needs_more_is_filled_in_by_its_fields() -> None:
    data = Shown(form=blank_form(NeedsUser)).filled({"name": "Ann"})
    assert data.dict() == {"name": "Ann", "copies": "1", "token": "kept"}
    made = ContactForm(prefix="a")
    assert "a-name" in Shown(form=blank_form(made)).filled({"name": "Ann"})


def test_forms_are_found_wherever_a_context_has_them() -> None:
    class Wrapper:
        def __init__(self, form: Any) -> None:
            self.form = form

    one, two = ContactForm(), SearchForm()
    context = {"form": one, "rows": [Wrapper(two), one], "text": "x", "none": None}
    assert list(forms_in(context)) == [one, two]
    assert list(forms_in(None)) == []
    assert SimpleUploadedFile("a", b"")  # has attributes, and is no form
