"""Permissions for single rows, as django-guardian keeps them, decide here too.

Both ways are shown: asking its backend for each row, and asking its tables
once, in the query.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import QuerySet
from guardian.shortcuts import assign_perm, get_objects_for_user, remove_perm

from django_mcp import MCPServer, ModelToolset
from django_mcp.context import Context
from django_mcp.protocol.errors import ProtocolError
from tests.providers.models.asking import call, person, read, refusal, suggested
from tests.testapp.models import Author, Book

pytestmark = pytest.mark.django_db

MISSING = "id: there is no such author"
ROW = "model://testapp/author/{pk}"


@pytest.fixture(autouse=True)
def _guardian_is_asked(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "guardian.backends.ObjectPermissionBackend",
    ]


class RowByRow(ModelToolset):
    """Asks for each row."""

    fields = ("id", "name")
    search_fields = ("name",)
    writable_fields = ("name",)
    actions = ("list", "get", "aggregate", "create", "update", "delete")
    object_permissions = True


class InTheQuery(ModelToolset):
    """Asks once, in the query."""

    fields = ("id", "name")
    search_fields = ("name",)
    writable_fields = ("name",)
    actions = ("list", "get", "aggregate", "update", "delete")

    def get_queryset(self, context: Context) -> QuerySet[Any, Any]:
        permission = self.permission("view")
        rows = super().get_queryset(context)
        found: QuerySet[Any, Any] = get_objects_for_user(
            context.user, permission, klass=rows
        )
        return found

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        return context.user.is_authenticated

    def _may(self, verb: str, context: Context, obj: Any) -> bool:
        permission = self.permission(verb)
        user: Any = context.user
        if obj is None:
            return bool(user.is_authenticated)
        return bool(user.has_perm(permission) or user.has_perm(permission, obj))

    def has_change_permission(self, context: Context, obj: Any = None) -> bool:
        return self._may("change", context, obj)

    def has_delete_permission(self, context: Context, obj: Any = None) -> bool:
        return self._may("delete", context, obj)


def server_of(toolset: type[ModelToolset]) -> MCPServer:
    server = MCPServer("tests")
    server.register(Author, toolset)
    return server


def author(name: str, reader: Any, *verbs: str) -> Author:
    """Make an author about whom somebody has some permissions."""
    made = Author.objects.create(name=name)
    for verb in verbs:
        assign_perm(f"testapp.{verb}_author", reader, made)
    return made


def listed(server: MCPServer, user: Any) -> list[str]:
    found: dict[str, Any] = call(server, "list_authors", user=user)
    return [row["name"] for row in found["rows"]]


both = pytest.mark.parametrize("toolset", [RowByRow, InTheQuery])


@both
def test_only_permitted_rows_are_listed(toolset: type[ModelToolset]) -> None:
    somebody, server = person("somebody"), server_of(toolset)
    author("Ann", somebody, "view")
    author("Bob", somebody)
    author("Cid", somebody, "change")
    assert listed(server, somebody) == ["Ann"]
    assert listed(server, person("nobody")) == []
    assert listed(server, person("all", "testapp.view_author")) == ["Ann", "Bob", "Cid"]


@both
def test_groups_and_changes_of_mind_count(toolset: type[ModelToolset]) -> None:
    somebody, server = person("somebody"), server_of(toolset)
    readers = Group.objects.create(name="readers")
    ann = author("Ann", readers, "view")
    assert listed(server, somebody) == []
    somebody.groups.add(readers)
    assert listed(server, User.objects.get(pk=somebody.pk)) == ["Ann"]
    remove_perm("testapp.view_author", readers, ann)
    assert listed(server, User.objects.get(pk=somebody.pk)) == []


@both
def test_a_row_without_permission_is_as_good_as_missing(
    toolset: type[ModelToolset],
) -> None:
    somebody, server = person("somebody"), server_of(toolset)
    ann, bob = author("Ann", somebody, "view"), author("Bob", somebody)
    assert call(server, "get_author", user=somebody, id=ann.pk)["name"] == "Ann"
    assert "Ann" in read(server, f"model://testapp/author/{ann.pk}", somebody)["text"]
    hidden = refusal(server, "get_author", user=somebody, id=bob.pk)
    assert hidden == refusal(server, "get_author", user=somebody, id=0)
    words = []
    for key in (bob.pk, 0):
        with pytest.raises(ProtocolError) as caught:
            read(server, f"model://testapp/author/{key}", somebody)
        words.append(str(caught.value).replace(str(key), "KEY"))
    assert words[0] == words[1]


@both
def test_a_row_is_changed_and_deleted_by_who_may(toolset: type[ModelToolset]) -> None:
    somebody, server = person("somebody"), server_of(toolset)
    mine = author("Ann", somebody, "view", "change", "delete")
    seen, hidden = author("Bob", somebody, "view"), author("Cid", somebody)
    changed = call(server, "update_author", user=somebody, id=mine.pk, name="Anna")
    assert changed == {"id": mine.pk, "name": "Anna"}
    for tool, values in (("update_author", {"name": "X"}), ("delete_author", {})):
        words = refusal(server, tool, {"id": seen.pk, **values}, somebody)
        assert words == "id: you may not do this to this author"
        words = refusal(server, tool, {"id": hidden.pk, **values}, somebody)
        assert words == refusal(server, tool, {"id": 0, **values}, somebody)
    call(server, "delete_author", user=somebody, id=mine.pk)
    assert list(Author.objects.values_list("name", flat=True)) == ["Bob", "Cid"]


@both
def test_who_is_unknown_has_no_tools(toolset: type[ModelToolset]) -> None:
    author("Ann", person("somebody"), "view")
    with pytest.raises(ProtocolError, match="list_authors"):
        call(server_of(toolset), "list_authors", user=AnonymousUser())


def test_only_what_the_query_knows_is_counted_and_suggested() -> None:
    somebody = person("somebody")
    author("Ann", somebody, "view")
    author("Bob", somebody)
    server = server_of(InTheQuery)
    assert call(server, "aggregate_authors", user=somebody) == {"count(*)": 1}
    assert len(suggested(server, ROW, "pk", user=somebody)) == 1
    assert suggested(server, ROW, "pk", "Bob", somebody) == []
    server = server_of(RowByRow)
    assert suggested(server, ROW, "pk", user=somebody) == []
    with pytest.raises(ProtocolError, match="aggregate_authors"):
        call(server, "aggregate_authors", user=somebody)


@both
def test_rows_behind_relations_follow_the_query(toolset: type[ModelToolset]) -> None:
    somebody = person("somebody", "testapp.view_book")
    server = server_of(toolset)
    server.register(Book, fields=["title", "author__name"])
    for name, verbs in (("Ann", ["view"]), ("Bob", [])):
        Book.objects.create(title=name, author=author(name, somebody, *verbs))
    books = call(server, "list_books", user=somebody)["rows"]
    names = {row["title"]: row["author__name"] for row in books}
    # No query can ask for each row, so none is shown behind a relation.
    assert names == {"Ann": "Ann" if toolset is InTheQuery else None, "Bob": None}


def test_a_page_of_permitted_rows_costs_as_many_queries_as_a_longer_one(
    django_assert_num_queries: Any,
) -> None:
    somebody, server = person("somebody"), server_of(InTheQuery)
    for name in ("Ann", "Bob"):
        author(name, somebody, "view")
    listed(server, somebody)
    with django_assert_num_queries(1) as few:
        listed(server, somebody)
    for name in "defghijk":
        author(name, somebody, "view")
    with django_assert_num_queries(len(few)):
        assert len(listed(server, somebody)) == 10
