"""Views of every kind, as projects write them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import (
    login_required,
    permission_required,
    user_passes_test,
)
from django.contrib.auth.mixins import (
    LoginRequiredMixin,
    PermissionRequiredMixin,
    UserPassesTestMixin,
)
from django.contrib.auth.models import User
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    SuspiciousOperation,
    ValidationError,
)
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import reverse_lazy, set_script_prefix, set_urlconf
from django.utils import timezone, translation
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import etag, last_modified, require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie
from django.views.generic import (
    CreateView,
    DeleteView,
    DetailView,
    FormView,
    ListView,
    RedirectView,
    TemplateView,
    UpdateView,
    View,
)

from tests.testapp.models import Author, Book

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06"
    b"\x00\x00\x00\x1f\x15\xc4\x89"
)


class ContactForm(forms.Form):
    name = forms.CharField(max_length=20)
    copies = forms.IntegerField(min_value=1, initial=1)
    urgent = forms.BooleanField(required=False)
    token = forms.CharField(widget=forms.HiddenInput, initial="kept")


class SearchForm(forms.Form):
    words = forms.CharField(min_length=2)
    cheap = forms.BooleanField(required=False)


# -- functions ---------------------------------------------------------------------


def whoami(request: HttpRequest) -> JsonResponse:
    """Say who is asking."""
    return JsonResponse({"user": str(request.user), "type": "text", "text": "mine"})


def echo(request: HttpRequest, **kwargs: Any) -> JsonResponse:
    """Say what came in."""
    return JsonResponse(
        {
            "kwargs": {name: str(value) for name, value in kwargs.items()},
            "types": {name: type(value).__name__ for name, value in kwargs.items()},
            "query": dict(request.GET.lists()),
            "post": dict(request.POST.lists()),
            "body": request.body.decode() if request.method != "GET" else "",
            "method": request.method,
        }
    )


def surroundings(request: HttpRequest) -> JsonResponse:
    """Say what a view knows of its request."""
    context: Any = getattr(request, "mcp", None)
    return JsonResponse(
        {
            "address": request.build_absolute_uri(),
            "headers": dict(request.headers),
            "cookies": dict(request.COOKIES),
            "route": request.resolver_match.route if request.resolver_match else "",
            "session": dict(request.session.items()),
            "same": context is not None and context.user.pk == request.user.pk,
        }
    )


def dated(request: HttpRequest, year: int, month: int = 1) -> JsonResponse:
    """Tell a month.

    Args:
        year: Four digits.
    """
    return JsonResponse({"year": year, "month": month})


def page(request: HttpRequest) -> HttpResponse:
    """A page with everything a page has."""
    return render(request, "testapp/pages/page.html", {"user": request.user})


def report(request: HttpRequest) -> TemplateResponse:
    """A report whose context is data."""
    books = Book.objects.order_by("title")
    return TemplateResponse(
        request,
        "testapp/pages/page.html",
        {"books": books, "total": books.count(), "secret": "not asked for"},
    )


def contact(request: HttpRequest) -> HttpResponse:
    """Write to the shop."""
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, f"Thank you, {form.cleaned_data['name']}.")
        Author.objects.create(name=form.cleaned_data["name"])
        return redirect("thanks")
    return render(request, "testapp/pages/form.html", {"form": form})


class BookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Book
        fields = ["title", "author", "stock", "price", "format"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"].required = self.fields["format"].required = False


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a book, in a function."""
    book = get_object_or_404(Book, pk=pk)
    form = BookForm(request.POST or None, instance=book)
    if form.is_valid():
        form.save()
        return redirect("thanks")
    html = '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Save</button></form>'
    template = engines["django"].from_string(html)
    return HttpResponse(template.render({"form": form}, request))


def search(request: HttpRequest) -> TemplateResponse:
    """Find authors by a word."""
    form = SearchForm(request.GET)
    found = []
    if form.is_valid():
        words = form.cleaned_data["words"]
        found = list(Author.objects.filter(name__icontains=words))
    context = {"form": form, "found": found}
    return TemplateResponse(request, "testapp/pages/form.html", context)


@csrf_protect
@require_POST
def publish(request: HttpRequest, pk: int) -> JsonResponse:
    """Count one book more."""
    book = get_object_or_404(Book, pk=pk)
    book.stock += 1
    book.save()
    return JsonResponse({"stock": book.stock})


def failing(request: HttpRequest) -> HttpResponse:
    """Write, and fail."""
    Author.objects.create(name="written before the failure")
    raise RuntimeError("the password is hunter2")


def answering(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer in one of many ways."""
    response: HttpResponse = _ANSWERS[kind](request)
    return response


def _raises(error: Exception) -> Any:
    def answer(request: HttpRequest) -> HttpResponse:
        raise error

    return answer


def _stream() -> Iterator[str]:
    yield "one,two\n"
    yield "three,four\n"


async def _astream() -> AsyncIterator[str]:
    yield "one "
    await asyncio.sleep(0)
    yield "two"


_ANSWERS: dict[str, Any] = {
    "missing": _raises(Http404("There is no such book.")),
    "denied": _raises(PermissionDenied("Only for clerks.")),
    "suspicious": _raises(SuspiciousOperation("the secret is out")),
    "bad": _raises(BadRequest("the secret is out")),
    "broken": _raises(RuntimeError("the secret is out")),
    "invalid": _raises(ValidationError("the secret is out")),
    "absent": lambda request: Book.objects.get(pk=0),
    "forbidden": lambda request: HttpResponseForbidden("Not <b>you</b>."),
    "plainly-forbidden": lambda request: HttpResponseForbidden(),
    "conflict": lambda request: JsonResponse({"error": "sold out"}, status=409),
    "unavailable": lambda request: HttpResponse("the secret is out", status=503),
    "csv": lambda request: HttpResponse(
        "a,b\n",
        content_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="../../list.csv"'},
    ),
    "text": lambda request: HttpResponse("in words", content_type="text/plain"),
    "image": lambda request: HttpResponse(PIXEL, content_type="image/png"),
    "file": lambda request: FileResponse(
        BytesIO(b"%PDF-1.7"), as_attachment=True, filename="bill.pdf"
    ),
    "stream": lambda request: StreamingHttpResponse(
        _stream(), content_type="text/plain"
    ),
    "astream": lambda request: StreamingHttpResponse(
        _astream(), content_type="text/plain"
    ),
    "nothing": lambda request: HttpResponse(status=204),
    "away": lambda request: HttpResponseRedirect("https://evil.example/?next=/x/"),
    "nan": lambda request: HttpResponse("{nonsense", content_type="application/json"),
}


@login_required
def members_only(request: HttpRequest) -> JsonResponse:
    """For who has logged in."""
    return JsonResponse({"user": str(request.user)})


@login_required(login_url="/enter/", redirect_field_name="back")
def members_elsewhere(request: HttpRequest) -> JsonResponse:
    """For who has logged in, at a login page of its own."""
    return JsonResponse({"user": str(request.user)})


@permission_required("testapp.change_book")
def clerks_only(request: HttpRequest) -> JsonResponse:
    """For who may change books."""
    return JsonResponse({"user": str(request.user)})


@permission_required("testapp.change_book", raise_exception=True)
def clerks_or_refusal(request: HttpRequest) -> JsonResponse:
    """For who may change books, and a refusal for others."""
    return JsonResponse({"user": str(request.user)})


@staff_member_required
def staff_only(request: HttpRequest) -> JsonResponse:
    """For staff."""
    return JsonResponse({"user": str(request.user)})


@user_passes_test(lambda user: user.is_superuser)
def chief_only(request: HttpRequest) -> JsonResponse:
    """For superusers."""
    return JsonResponse({"user": str(request.user)})


@never_cache
@gzip_page
@require_safe
@sensitive_post_parameters()
@etag(lambda request: "constant")
@last_modified(lambda request: None)
def decorated(request: HttpRequest) -> JsonResponse:
    """Wrapped in what Django has."""
    return JsonResponse({"user": str(request.user), "padding": "x" * 5})


@cache_page(60)
@vary_on_cookie
def cached(request: HttpRequest) -> JsonResponse:
    """Kept for each visitor."""
    return JsonResponse({"user": str(request.user)})


def enter(request: HttpRequest) -> JsonResponse:
    """Log in as the chief, as a flawed site might."""
    chief = User.objects.get(username="superuser")
    login(request, chief, "django.contrib.auth.backends.ModelBackend")
    request.session["cart"] = "full"
    return JsonResponse({"user": str(request.user)})


def careless(request: HttpRequest) -> JsonResponse:
    """Change all that a request should leave as it was."""
    translation.activate("de")
    timezone.activate("Asia/Tokyo")
    set_urlconf("tests.urls")
    set_script_prefix("/elsewhere/")
    user: Any = request.user
    user.is_superuser = True
    return JsonResponse({"superuser": user.is_superuser})


def leave(request: HttpRequest) -> JsonResponse:
    """Log out."""
    logout(request)
    return JsonResponse({"user": str(request.user)})


async def waits(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer in its own time."""
    user = await request.auser()
    book = await Book.objects.filter(pk=pk).afirst()
    if book is None:
        raise Http404("There is no such book.")
    return JsonResponse({"user": str(user), "title": book.title})


@login_required
async def members_wait(request: HttpRequest) -> JsonResponse:
    """Answer members in its own time."""
    return JsonResponse({"user": str(await request.auser())})


async def streams(request: HttpRequest) -> StreamingHttpResponse:
    """Answer bit by bit."""
    return StreamingHttpResponse(_astream(), content_type="text/plain")


# -- classes -------------------------------------------------------------------------


class BookList(ListView):  # type: ignore[type-arg]
    """The books on the shelves."""

    model = Book
    ordering = ["title"]
    paginate_by = 2
    template_name = "testapp/pages/list.html"


class BookDetail(DetailView):  # type: ignore[type-arg]
    """One book."""

    model = Book
    template_name = "testapp/pages/detail.html"


class BookCreate(LoginRequiredMixin, CreateView):  # type: ignore[type-arg]
    """Put a book on the shelves."""

    model = Book
    fields = ["title", "author", "stock", "price", "format"]
    template_name = "testapp/pages/form.html"
    success_url = reverse_lazy("thanks")


class BookUpdate(PermissionRequiredMixin, UpdateView):  # type: ignore[type-arg]
    """Change a book."""

    permission_required = "testapp.change_book"
    model = Book
    fields = ["title", "author", "stock", "price", "format"]
    template_name = "testapp/pages/form.html"
    success_url = reverse_lazy("thanks")


class BookDelete(UserPassesTestMixin, DeleteView):  # type: ignore[type-arg]
    """Throw a book away."""

    model = Book
    template_name = "testapp/pages/form.html"
    success_url = reverse_lazy("thanks")

    def test_func(self) -> bool:
        return bool(self.request.user.is_staff)


class Contact(FormView):  # type: ignore[type-arg]
    """Write to the shop."""

    form_class = ContactForm
    template_name = "testapp/pages/form.html"
    success_url = reverse_lazy("thanks")

    def form_valid(self, form: ContactForm) -> HttpResponse:
        messages.success(self.request, f"{form.cleaned_data['token']}!")
        return super().form_valid(form)


class Personal(FormView):  # type: ignore[type-arg]
    """A form that depends on who asks."""

    template_name = "testapp/pages/form.html"

    def get_form_class(self) -> type[ContactForm]:
        return {1: ContactForm}[self.request.user.pk or 0]


class OwnFieldsForm(ContactForm):
    """A form that makes its fields when it is made, as those of others do."""

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["colour"] = forms.CharField()
        if user is not None and not user.is_staff:
            del self.fields["copies"]
            self.fields["urgent"].disabled = True


class OwnFields(Contact):
    """Write to the shop, as who you are."""

    form_class = OwnFieldsForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}


class PartsForm(ContactForm):
    when = forms.SplitDateTimeField(initial=datetime(2020, 1, 2, 3, 4))
    day = forms.DateField(
        widget=forms.SelectDateWidget(years=[2020, 2021]), initial="2020-01-02"
    )


class Buttons(FormView):  # type: ignore[type-arg]
    """A page with more in its form than its form knows, and two buttons."""

    form_class = PartsForm
    template_name = "testapp/pages/buttons.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.session["seen"] = True
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: ContactForm) -> HttpResponse:
        sent = {name: value for name, value in self.request.POST.items() if value}
        sent.pop("csrfmiddlewaretoken", None)
        return JsonResponse({**sent, "seen": self.request.session.get("seen", False)})


class Asserting(Contact):
    """Write to the shop, and be somebody."""

    def get_form_kwargs(self) -> dict[str, Any]:
        assert self.request.user.is_authenticated
        return super().get_form_kwargs()


class Thanks(TemplateView):
    template_name = "testapp/pages/page.html"


class Elsewhere(RedirectView):
    """It has moved."""

    url = "https://example.com/new/"


class Items(View):
    """Things, by method."""

    def get(self, request: HttpRequest, key: uuid.UUID) -> JsonResponse:
        return JsonResponse({"key": str(key)})

    def put(self, request: HttpRequest, key: uuid.UUID) -> JsonResponse:
        return JsonResponse({"put": request.body.decode()})

    def delete(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        return HttpResponse(status=204)


class AsyncItems(View):
    """Things, in their own time."""

    async def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"items": []})


# -- the admin -----------------------------------------------------------------------


class BookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ["title"]
    list_display = ["title", "stock"]
    list_filter = ["stock"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["price"] if obj and not request.user.is_superuser else []


class BookInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Book
    extra = 1


class AuthorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ["name"]
    ordering = ["name"]
    inlines = [BookInline]
