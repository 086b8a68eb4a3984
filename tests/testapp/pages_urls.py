"""The addresses of the views in ``pages.py``."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.urls import converters, include, path, re_path, register_converter
from django.utils.translation import gettext_lazy as _

from tests.testapp import pages
from tests.testapp.models import Author, Book, Task


class FourDigits:
    regex = "[0-9]{4}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{value:04d}"


class Colour:
    regex = "red|green"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


if "yyyy" not in converters.get_converters():
    register_converter(FourDigits, "yyyy")
    register_converter(Colour, "colour")

shop: Any = (
    [
        path("whoami/", pages.whoami, name="whoami"),
        path("echo/<slug:slug>/", pages.echo, {"fixed": "here"}, name="echo"),
    ],
    "shop",
)

site = admin.AdminSite("admin")
site.register(Book, pages.BookAdmin)
site.register(Author, pages.AuthorAdmin)
site.register(User, UserAdmin)
site.register(Task)

urlpatterns = [
    path("whoami/", pages.whoami, name="whoami"),
    path("echo/", pages.echo, name="echo"),
    path("echo/int/<int:number>/", pages.echo, name="echo-int"),
    path("echo/str/<text>/", pages.echo, name="echo-str"),
    path("echo/path/<path:rest>/end/", pages.echo, name="echo-path"),
    path("echo/uuid/<uuid:key>/", pages.echo, name="echo-uuid"),
    path("echo/yyyy/<yyyy:year>/", pages.echo, name="echo-year"),
    path("echo/colour/<colour:colour>/", pages.echo, name="echo-colour"),
    path("echo/two/<path:a>/<path:b>/", pages.echo, name="echo-two"),
    path("echo/special/", pages.whoami, name="special"),
    path("echo/<str:word>/", pages.echo, name="echo-word"),
    path("echoes/", pages.echo, name="echoes"),
    path("echoes/other/", pages.whoami, name="echoes"),
    path("years/", pages.echo, name="years"),
    path("years/<int:year>/", pages.echo, name="years"),
    re_path(r"^dated/(?P<year>[0-9]{4})/$", pages.dated, name="dated"),
    re_path(r"^dated/([0-9]{4})/(\d+)/$", pages.dated, name="dated-plain"),
    re_path(r"^optional/(?:page-(?P<number>\d+)/)?$", pages.echo, name="optional"),
    re_path(r"^either/|or/$", pages.echo, name="either"),
    re_path(r"^unnamed/(\d+)/$", pages.echo, name="unnamed"),
    path("surroundings/", pages.surroundings, name="surroundings"),
    path("page/", pages.page, name="page"),
    path("report/", pages.report, name="report"),
    path("contact/", pages.contact, name="contact"),
    path("search/", pages.search, name="search"),
    path("publish/<int:pk>/", pages.publish, name="publish"),
    path("failing/", pages.failing, name="failing"),
    path("answer/<slug:kind>/", pages.answering, name="answer"),
    path("members/", pages.members_only, name="members"),
    path("members/elsewhere/", pages.members_elsewhere, name="members-elsewhere"),
    path("clerks/", pages.clerks_only, name="clerks"),
    path("clerks/refused/", pages.clerks_or_refusal, name="clerks-refused"),
    path("staff/", pages.staff_only, name="staff"),
    path("chief/", pages.chief_only, name="chief"),
    path("decorated/", pages.decorated, name="decorated"),
    path("cached/", pages.cached, name="cached"),
    path("enter/", pages.enter, name="enter"),
    path("careless/", pages.careless, name="careless"),
    path("leave/", pages.leave, name="leave"),
    path("waits/<int:pk>/", pages.waits, name="waits"),
    path("members/wait/", pages.members_wait, name="members-wait"),
    path("streams/", pages.streams, name="streams"),
    path("books/", pages.BookList.as_view(), name="books"),
    path("books/add/", pages.BookCreate.as_view(), name="book-add"),
    path("books/<int:pk>/", pages.BookDetail.as_view(), name="book"),
    path("books/<int:pk>/edit/", pages.BookUpdate.as_view(), name="book-edit"),
    path("books/<int:pk>/change/", pages.edit, name="book-edit-function"),
    path("books/<int:pk>/delete/", pages.BookDelete.as_view(), name="book-delete"),
    path("contact/class/", pages.Contact.as_view(), name="contact-class"),
    path("contact/own/", pages.OwnFields.as_view(), name="own-fields"),
    path("contact/buttons/", pages.Buttons.as_view(), name="buttons"),
    path("contact/asserting/", pages.Asserting.as_view(), name="asserting"),
    path("personal/", pages.Personal.as_view(), name="personal"),
    path("thanks/", pages.Thanks.as_view(), name="thanks"),
    path("elsewhere/", pages.Elsewhere.as_view(), name="elsewhere"),
    path("items/<uuid:key>/", pages.Items.as_view(), name="items"),
    path("items/async/", pages.AsyncItems.as_view(), name="items-async"),
    path("login/", LoginView.as_view(), name="login"),
    path(_("translated/"), pages.whoami, name="translated"),
    path("one/", include(shop, namespace="one")),
    path("two/<int:number>/", include(shop, namespace="two")),
    path("admin/", site.urls),
]
