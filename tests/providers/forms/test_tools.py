"""Tools from forms: with a function, without one, and over sets of forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.contrib.contenttypes.forms import generic_inlineformset_factory
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from django_mcp import Context, MCPServer
from django_mcp.methods.primitives import call_tool
from tests.calls import asked, context_for, members
from tests.providers.forms.fields import CHOICES
from tests.providers.models.asking import call, person, refusal
from tests.testapp.models import Author, Book, Note, Task

pytestmark = pytest.mark.django_db


class ReturnForm(forms.Form):
    """Take a book back."""

    reason = forms.ChoiceField(choices=[("torn", "It is torn"), ("late", "Too late")])
    copies = forms.IntegerField(min_value=1, max_value=9, initial=1)
    note = forms.CharField(required=False, label=_("Delete"))

    def clean(self) -> None:
        if self.cleaned_data.get("copies") == 9:
            raise forms.ValidationError("Nine is too many.")

    def summary(self) -> str:
        """Say it in a line."""
        return f"{self.cleaned_data['copies']} {self.cleaned_data['reason']}"


class BookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Book
        fields = ["title", "author", "price", "stock"]


def server_with(form: Any, function: Any = None, **options: Any) -> MCPServer:
    """Return a server with the tool of one form."""
    server = MCPServer("tests")
    server.form_tool(form, function, **options)
    server.settle()
    assert server.declarations.mistakes == []
    return server


def properties(server: MCPServer, name: str) -> Any:
    """Return the arguments of a tool."""
    tool = server.registry.tools.peek(name)
    assert tool is not None
    return tool.input_schema["properties"]


# -- with a function -------------------------------------------------------------


def test_a_function_runs_with_the_cleaned_data() -> None:
    server = MCPServer("tests")

    @server.form_tool(ReturnForm)
    def take_back(cleaned_data: dict[str, Any], context: Context) -> dict[str, Any]:
        return {**cleaned_data, "by": str(context.user)}

    found = call(server, "take_back", reason="torn")
    assert found == {"reason": "torn", "copies": 1, "note": "", "by": "AnonymousUser"}
    tool = server.registry.tools.peek("take_back")
    assert tool is not None
    assert tool.description == "Take a book back."


def test_a_function_runs_with_the_form() -> None:
    def take_back(form: ReturnForm) -> list[str]:
        """Take it."""
        return [form.summary(), str(form.is_bound)]

    server = server_with(ReturnForm, take_back)
    assert call(server, "take_back", reason="late", copies=3) == ["3 late", "True"]


def test_a_method_of_the_form_is_such_a_function() -> None:
    server = server_with(ReturnForm, ReturnForm.summary, name="take_back")
    result = members(
        call_tool(
            server,
            event := asked(
                "tools/call", {"name": "take_back", "arguments": {"reason": "torn"}}
            ),
            context_for(server, event),
        )
    )
    assert result["content"][0]["text"] == "1 torn"


async def test_an_async_function_is_awaited_and_the_form_judged_in_a_thread() -> None:
    server = MCPServer("tests")

    @server.form_tool(ReturnForm)
    async def take_back(form: ReturnForm, context: Context) -> dict[str, Any]:
        return form.cleaned_data

    async def result(**arguments: Any) -> Any:
        event = asked("tools/call", {"name": "take_back", "arguments": arguments})
        return members(await call_tool(server, event, context_for(server, event)))  # type: ignore[misc]

    good = await result(reason="torn")
    assert json.loads(good["content"][0]["text"])["reason"] == "torn"
    bad = await result(reason="torn", copies=9)
    assert bad["content"][0]["text"] == "Nine is too many."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "reason: This field is required."),
        ({"reason": "<worse>"}, "reason: should be one of torn, late"),
        (
            {"reason": "torn", "copies": 12},
            "copies: Ensure this value is less than or equal to 9.",
        ),
        ({"reason": "torn", "copies": 9}, "Nine is too many."),
        ({"reason": "torn", "copies": "x"}, "copies: should be a valid integer"),
        (
            {"reason": "torn", "colour": 1},
            "colour: unknown argument; allowed are reason, copies, note",
        ),
        (
            {"reason": "torn", "form-TOTAL_FORMS": 9},
            "form-TOTAL_FORMS: unknown argument; allowed are reason, copies, note",
        ),
    ],
)
def test_what_the_form_refuses_does_not_reach_the_function(
    arguments: Any, words: str
) -> None:
    def take_back(form: Any) -> None:
        raise AssertionError

    assert refusal(server_with(ReturnForm, take_back), "take_back", arguments) == words


def test_a_function_may_find_more_against_the_form() -> None:
    def take_back(form: forms.Form) -> str:
        form.add_error("copies", "We sold you fewer.")
        return "unseen"

    server = server_with(ReturnForm, take_back)
    words = refusal(server, "take_back", reason="torn")
    assert words == "copies: We sold you fewer."


def test_what_a_refusal_comes_after_is_undone() -> None:
    class AuthorForm(forms.ModelForm):  # type: ignore[type-arg]
        class Meta:
            model = Author
            fields = ["name"]

    def add_author(form: Any) -> None:
        form.save()
        form.add_error("name", "One too many.")

    server = server_with(AuthorForm, add_author)
    assert refusal(server, "add_author", name="Ada") == "name: One too many."
    assert not Author.objects.exists()


def test_labels_are_translated_for_who_reads_them() -> None:
    schema = properties(server_with(ReturnForm, lambda form: None, name="x"), "x")
    with translation.override("de"):
        assert str(schema["note"]["title"]) == "Löschen"
    with translation.override("en"):
        assert str(schema["note"]["title"]) == "Delete"


# -- what is made for each call --------------------------------------------------


class ForWhom(forms.Form):
    """Its choices depend on who asks."""

    kind = forms.ChoiceField(choices=())
    book = forms.ModelChoiceField(Book.objects.none())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(user.username, "Mine")]  # type: ignore[attr-defined]
        books = Book.objects.filter(author__name=user.username)
        self.fields["book"].queryset = books  # type: ignore[attr-defined]


def test_choices_and_rows_are_those_of_who_calls() -> None:
    ada, bob = person("ada"), person("bob")
    hers, his = (
        Book.objects.create(title=name, author=Author.objects.create(name=name))
        for name in ("ada", "bob")
    )
    server = server_with(
        ForWhom,
        lambda cleaned_data: [cleaned_data["kind"], cleaned_data["book"].title],
        name="choose",
        form_kwargs=lambda context: {"user": context.user},
    )
    assert properties(server, "choose") == {
        "kind": {"type": "string"},
        "book": {"type": "integer"},
    }
    assert call(server, "choose", {"kind": "ada", "book": hers.pk}, ada) == ["ada"] * 2
    words = refusal(server, "choose", {"kind": "ada", "book": hers.pk}, bob)
    assert words.splitlines() == [
        "kind: should be one of bob",
        f"book: there is no book with this id; there are {his.pk} (bob)",
    ]


def test_what_a_form_is_made_with_is_asked_once_for_a_call() -> None:
    asked_by = []

    def kwargs(context: Context) -> dict[str, Any]:
        asked_by.append(context.user)
        return {"prefix": "p", "initial": {"reason": "late"}}

    server = server_with(
        ReturnForm, lambda cleaned_data: cleaned_data, name="t", form_kwargs=kwargs
    )
    assert call(server, "t")["reason"] == "late"
    assert len(asked_by) == 1


def test_completions_suggest_what_the_form_would_take() -> None:
    ada = person("ada")
    author = Author.objects.create(name="ada")
    books = [Book.objects.create(title=t, author=author) for t in ("Dune", "Emma")]
    server = server_with(
        ForWhom, lambda form: None, name="choose",
        form_kwargs=lambda context: {"user": context.user},
    )  # fmt: skip
    tool: Any = server.registry.tools.peek("choose")
    context = context_for(server, asked("completion/complete"), ada)
    assert tool.complete["kind"](context, "", {}) == ["ada"]
    assert tool.complete["kind"](context, "x", {}) == []
    assert tool.complete["book"](context, "emm", {}) == [str(books[1].pk)]
    assert len(tool.complete["book"](context, "", {})) == 2


# -- without a function ----------------------------------------------------------


def test_a_model_form_is_saved_by_whom_django_permits() -> None:
    server = server_with(BookForm)
    author = Author.objects.create(name="Austen")
    clerk = person("clerk", "testapp.add_book")
    arguments = {"title": "Emma", "author": author.pk}
    tool: Any = server.registry.tools.peek("create_book")
    assert str(tool.description) == "Add one book."
    assert tool.destructive is False
    assert tool.input_schema["required"] == ["title", "author"]
    assert call(server, "create_book", arguments, clerk) == {
        "id": Book.objects.get().pk
    }
    stranger = context_for(server, asked("tools/call"), person("stranger"))
    assert not tool.allowed(stranger)


def test_a_row_is_changed_and_what_is_not_sent_stays() -> None:
    author = Author.objects.create(name="Austen")
    book = Book.objects.create(title="Emma", author=author, stock=7, price=5)
    hidden = Book.objects.create(title="Hidden", author=author)
    server = server_with(
        BookForm,
        action="update",
        queryset=lambda context: Book.objects.exclude(title="Hidden"),
    )
    clerk = person("clerk", "testapp.change_book")
    tool: Any = server.registry.tools.peek("update_book")
    assert list(tool.input_schema["properties"]) == [
        "id", "title", "author", "price", "stock",
    ]  # fmt: skip
    assert tool.input_schema["required"] == ["id"]
    assert call(server, "update_book", {"id": book.pk, "title": "Emma!"}, clerk)
    book.refresh_from_db()
    assert (book.title, book.stock, int(book.price)) == ("Emma!", 7, 5)
    for missing in (hidden.pk, 10**9):
        words = refusal(server, "update_book", {"id": missing}, clerk)
        assert words == "id: there is no book with this id"
    context = context_for(server, asked("completion/complete"), clerk)
    assert tool.complete["id"](context, "", {}) == [str(book.pk)]


def test_a_form_of_somebody_elses_is_one_line() -> None:
    server = server_with_warning(
        UserCreationForm, name="sign_up", allowed=lambda context: True
    )
    good = {"username": "ada", "password1": "analytical!", "password2": "analytical!"}
    words = refusal(server, "sign_up", {**good, "password2": "other"})
    assert words.startswith("password2: ")
    assert call(server, "sign_up", good) == {"id": User.objects.get().pk}
    assert User.objects.get().check_password("analytical!")
    assert refusal(server, "sign_up", good).startswith("username: ")


def test_a_forms_own_save_is_a_function_like_any_other() -> None:
    server = MCPServer("tests")
    server.form_tool(
        SetPasswordForm,
        SetPasswordForm.save,
        name="set_password",
        form_kwargs=lambda context: {"user": context.user},
    )
    ada = person("ada")
    word = {"new_password1": "analytical!", "new_password2": "analytical!"}
    assert call(server, "set_password", word, ada) == {"id": ada.pk}
    ada.refresh_from_db()
    assert ada.check_password("analytical!")


def test_what_a_function_needs_and_no_form_has_is_refused() -> None:
    server = MCPServer("tests")
    with pytest.raises(ImproperlyConfigured, match="takes copies"):
        server.form_tool(ReturnForm, lambda form, copies: None, name="tool")
    server.form_tool(ReturnForm, lambda form, copies=3: copies, name="tool")
    assert call(server, "tool", {"reason": "torn"}) == 3


def server_with_warning(form: Any, **options: Any) -> MCPServer:
    """Return a server with a form that asks for passwords."""
    server = MCPServer("tests")
    server.form_tool(form, **options)
    server.settle()
    found = server.declarations.mistakes
    assert {(one.id, one.is_error) for one in found} == {("django_mcp.W010", False)}
    assert "UserCreationForm.password1 asks for a secret" in found[0].text
    assert found[0].source.partition(":")[0] == __file__
    return server


def test_what_only_the_database_knows_is_a_refusal() -> None:
    class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
        class Meta:
            model = Task
            fields = ["number", "title"]

    server = server_with(TaskForm, allowed=lambda context: True)
    words = refusal(server, "create_task", number=1, title="No team")
    assert words.startswith("The database refuses this")
    assert not Task.objects.exists()


# -- sets of forms ---------------------------------------------------------------


def test_a_set_of_forms_takes_rows() -> None:
    made = forms.formset_factory(ReturnForm, can_delete=True, can_order=True, extra=3)

    def take_back(formset: Any) -> list[Any]:
        return [form.cleaned_data for form in formset.ordered_forms]

    server = server_with(made, take_back)
    rows = [
        {"reason": "torn", "copies": 2, "ORDER": 2},
        {"reason": "late", "ORDER": 1},
        {"reason": "late", "DELETE": True},
    ]
    found = call(server, "take_back", rows=rows)
    assert [row["reason"] for row in found] == ["late", "torn"]
    rows[1] = {"reason": "late", "copies": 9}
    assert refusal(server, "take_back", rows=rows) == "rows[1]: Nine is too many."
    rows[1] = {"reason": "gone"}
    words = "rows[1].reason: should be one of torn, late"
    assert refusal(server, "take_back", rows=rows) == words


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "rows: List should have at least 1 item"),
        ([{"reason": "torn"}] * 4, "rows: List should have at most 3 items"),
        ([{"reason": "torn", "form-0-x": 1}], "rows[0].form-0-x: unknown field"),
        ([{}], "rows[0].reason: field required"),
        ({"0": {}}, "rows: "),
    ],
)
def test_limits_of_a_set_are_those_of_its_rows(rows: Any, words: str) -> None:
    made = forms.formset_factory(
        ReturnForm, min_num=1, max_num=3, validate_min=True, validate_max=True
    )
    server = server_with(made, lambda formset: None, name="take_back")
    assert refusal(server, "take_back", rows=rows).startswith(words)


def test_a_set_over_a_model_edits_its_rows() -> None:
    made = forms.modelformset_factory(Author, fields=["name"], can_delete=True)
    ada, bob, cyd = (Author.objects.create(name=name) for name in ("Ada", "Bob", "Cyd"))
    server = server_with(
        made, queryset=Author.objects.exclude(name="Cyd"), allowed=lambda context: True
    )
    rows: list[Any] = [
        {"id": bob.pk, "name": "Bobby"},
        {"id": ada.pk, "DELETE": True},
        {"name": "Dan"},
    ]
    found = call(server, "edit_authors", rows=rows)
    assert found == {"added": 1, "changed": 1, "deleted": 1}
    names = Author.objects.order_by("name").values_list("name", flat=True)
    assert list(names) == ["Bobby", "Cyd", "Dan"]
    for wrong, words in [
        ([{"id": cyd.pk, "name": "x"}], "rows[0].id: there is no author with this id"),
        ([{"id": bob.pk}, {"id": bob.pk}], "rows[1].id: this row is here twice"),
        (
            [{"name": "x"}, {"id": bob.pk}],
            "rows[1].id: rows that exist must come before new ones",
        ),
        ([{"id": bob.pk, "name": ""}], "rows[0].name: This field is required."),
    ]:
        assert refusal(server, "edit_authors", rows=wrong) == words


def test_an_inline_set_edits_what_belongs_to_one_row() -> None:
    made = forms.inlineformset_factory(Author, Book, fields=["title", "author"])
    ada, bob = (Author.objects.create(name=name) for name in ("Ada", "Bob"))
    mine = Book.objects.create(title="Mine", author=ada)
    other = Book.objects.create(title="Other", author=bob)
    server = server_with(made)
    tool: Any = server.registry.tools.peek("edit_books")
    assert list(tool.input_schema["properties"]) == ["id", "rows"]
    row = tool.input_schema["properties"]["rows"]["items"]["properties"]
    assert list(row) == ["id", "title", "DELETE"]
    may = [f"testapp.{verb}_book" for verb in ("add", "change", "delete")]
    clerk = person("clerk", *may, "testapp.view_author")
    rows = [{"id": mine.pk, "title": "Mine!"}, {"title": "New"}]
    found = call(server, "edit_books", {"id": ada.pk, "rows": rows}, clerk)
    assert found == {"added": 1, "changed": 1, "deleted": 0}
    assert set(ada.book_set.values_list("title", flat=True)) == {"Mine!", "New"}
    stolen = {"id": ada.pk, "rows": [{"id": other.pk, "title": "Stolen"}]}
    words = refusal(server, "edit_books", stolen, clerk)
    assert words == "rows[0].id: there is no book with this id"
    assert not tool.allowed(
        context_for(server, asked("tools/call"), person("half", *may[:2]))
    )


# -- what is refused at registration ---------------------------------------------


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ((str, lambda form: None), {}, "is not a class of forms"),
        ((ReturnForm(), lambda form: None), {}, "is not a class of forms"),
        (
            (ReturnForm, lambda order, form: None),
            {},
            r"takes order.*form \(or formset\)",
        ),
        ((ReturnForm, lambda form: None), {"action": "update"}, "needs a ModelForm"),
        ((BookForm, lambda form: None), {"action": "delete"}, "'create' or 'update'"),
        (
            (BookForm, lambda form: None),
            {"queryset": Book.objects},
            "a queryset is for",
        ),
        (
            (BookForm, lambda form: None),
            {"action": "update", "queryset": 3},
            "must be a QuerySet",
        ),
        (
            (BookForm, lambda form: None),
            {"action": "update", "lookup_field": "title"},
            "unique field of testapp.Book, which 'title' is not",
        ),
        ((ReturnForm, lambda form: None), {"exclude": ["x"]}, "does not have: x"),
        (
            (ReturnForm, lambda form: None),
            {"form_kwargs": {}},
            "function of the context",
        ),
        ((ReturnForm, lambda form: None), {"complete": {"x": []}}, "does not take: x"),
        ((ReturnForm, lambda form: None), {"name": "no name"}, "cannot be named"),
    ],
)
def test_mistakes_are_refused_where_they_are_made(
    given: Any, options: Any, words: str
) -> None:
    server = MCPServer("tests")
    with pytest.raises(ImproperlyConfigured, match=words):
        server.form_tool(*given, **{"name": "tool", **options})
    assert len(server.registry.tools) == 0


def test_choices_of_a_class_are_its_enum() -> None:
    class Form(forms.Form):
        kind = forms.ChoiceField(choices=CHOICES, help_text="Which one?")

    schema = properties(server_with(Form, lambda form: None, name="x"), "x")
    assert schema == {
        "kind": {
            "enum": ["a", "b", "c"],
            "description": "Which one? (a: Alpha; b: Beta; c: Gamma)",
        }
    }


# -- as a browser would find it --------------------------------------------------


def test_arguments_come_in_the_order_of_the_form() -> None:
    class Form(forms.Form):
        field_order = ["last", "gone", "first"]
        first = forms.CharField()
        middle = forms.CharField()
        last = forms.CharField()

    server = server_with(Form, lambda form: list(form.fields), name="t")
    assert list(properties(server, "t")) == ["last", "first", "middle"]
    assert call(server, "t", first="a", middle="b", last="c") == [
        "last",
        "first",
        "middle",
    ]


def test_what_stays_as_it_is_has_no_default() -> None:
    ada = Author.objects.create(name="Ada")
    book = Book.objects.create(title="Old", author=ada, price=5, stock=7)
    update = server_with(BookForm, action="update", allowed=lambda context: True)
    several = forms.modelformset_factory(Book, fields=["title", "stock"], extra=0)
    edit = server_with(several, name="edit", allowed=lambda context: True)
    rows = properties(edit, "edit")["rows"]["items"]["properties"]
    assert (
        "default"
        in properties(
            server_with(BookForm, allowed=lambda context: True), "create_book"
        )["stock"]
    )
    for found in (properties(update, "update_book"), rows):
        assert not any("default" in one for one in found.values())
    call(update, "update_book", id=book.pk, title="New")
    book.refresh_from_db()
    assert (book.title, book.stock) == ("New", 7)


def test_what_is_needed_is_the_forms_to_say() -> None:
    class Form(forms.Form):
        name = forms.CharField(error_messages={"required": "Who are you?"})
        alias = forms.CharField()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["alias"].required = False

    server = server_with(Form, lambda cleaned_data: cleaned_data, name="t")
    assert refusal(server, "t") == "name: Who are you?"
    assert call(server, "t", name="Ada") == {"name": "Ada", "alias": ""}


def test_a_field_that_the_form_does_not_have_for_who_calls_is_refused() -> None:
    class Form(forms.Form):
        name = forms.CharField()
        staff = forms.BooleanField(required=False)
        rank = forms.CharField(required=False)

        def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if not user.is_staff:
                del self.fields["staff"]
                self.fields["rank"].disabled = True

    server = server_with(
        Form,
        lambda cleaned_data: cleaned_data,
        name="t",
        form_kwargs=lambda context: {"user": context.user},
    )
    words = "staff: cannot be set here\nrank: cannot be set here"
    assert refusal(server, "t", name="Ada", staff=True, rank="x") == words
    assert call(server, "t", name="Ada") == {"name": "Ada", "rank": ""}
    both = {"name": "Ada", "staff": True, "rank": "x"}
    assert call(server, "t", both, User(username="staff", is_staff=True)) == both


def test_rows_that_go_need_no_more_and_make_room() -> None:
    class Form(forms.Form):
        name = forms.CharField()

    several = forms.formset_factory(
        Form, can_delete=True, max_num=2, validate_max=True, min_num=1
    )

    def names(formset: Any) -> list[str]:
        gone = formset.deleted_forms
        return [one.cleaned_data["name"] for one in formset if one not in gone]

    server = server_with(several, names, name="t")
    gone = [{"DELETE": True}, {"DELETE": True}]
    assert call(server, "t", rows=[*gone, {"name": "a"}, {"name": "b"}]) == ["a", "b"]
    assert refusal(server, "t", rows=[{"name": "x"}] * 3).startswith(
        "rows: Please submit at most 2 forms"
    )
    assert refusal(server, "t", rows=[{}]) == "rows[0].name: field required"


def test_an_inline_set_may_replace_all_its_rows() -> None:
    ada = Author.objects.create(name="Ada")
    old = [Book.objects.create(title=t, author=ada, price=1) for t in "ab"]
    inline = forms.inlineformset_factory(
        Author, Book, fields=["title"], max_num=2, validate_max=True
    )
    server = server_with(inline, name="t", allowed=lambda context: True)
    rows: list[Any] = [{"id": one.pk, "DELETE": True} for one in old]
    rows += [{"title": "c"}, {"title": "d"}]
    found = call(server, "t", id=ada.pk, rows=rows)
    assert found == {"added": 2, "changed": 0, "deleted": 2}
    assert {*Book.objects.values_list("title", flat=True)} == {"c", "d"}


def test_a_generic_set_needs_to_know_what_its_rows_belong_to() -> None:
    ada = Author.objects.create(name="Ada")
    inline = generic_inlineformset_factory(Note, fields=["text"])
    with pytest.raises(ImproperlyConfigured, match="give its instance in form_kwargs"):
        MCPServer("tests").form_tool(inline, lambda formset: None, name="t")
    server = server_with(
        inline,
        name="t",
        allowed=lambda context: True,
        form_kwargs=lambda context: {"instance": ada},
    )
    call(server, "t", rows=[{"text": "kind"}])
    assert Note.objects.get().about == ada


def test_choices_of_true_and_false_are_named() -> None:
    class Form(forms.Form):
        sure = forms.TypedChoiceField(
            choices=[(True, "Yes"), (False, "No")], coerce=lambda text: text == "True"
        )

    server = server_with(Form, lambda cleaned_data: cleaned_data, name="t")
    assert properties(server, "t")["sure"]["enum"] == [True, False]
    for sure in (True, False):
        assert call(server, "t", sure=sure) == {"sure": sure}
