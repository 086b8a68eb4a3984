"""What one caller may read of a storage: rules, links, and folders of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.http import Http404

from django_mcp import Context, MCPServer
from tests.providers.files.asking import (
    contents,
    grow,
    is_missing,
    listed,
    names,
    read,
    refused,
    serving,
    suggested,
)

PATHS = "x://{+path}"
LISTED = "x://{+path}{?after}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder beside which secrets lie."""
    grow(tmp_path, "secret/key.txt", "key.txt", "pub/a.txt", "pub/docs/b.txt")
    return tmp_path / "pub"


# -- folders -----------------------------------------------------------------


def test_only_the_folder_is_served(folder: Path) -> None:
    server = serving("x://", FileSystemStorage(folder.parent), folder="pub/")
    assert contents(server, "x://a.txt") == "pub/a.txt"
    assert contents(server, "x://docs/b.txt") == "pub/docs/b.txt"
    for path in ("key.txt", "secret/key.txt", "pub/a.txt", "docs", "lost.txt"):
        assert is_missing(server, f"x://{path}")


def own(context: Context) -> str | None:
    """Return the folder of a user, as careless people write it."""
    return f"{context.user.get_username()}"


def user(name: str) -> User:
    return User(username=name)


def test_everybody_has_a_folder_of_their_own(folder: Path) -> None:
    server = serving("x://", FileSystemStorage(folder.parent), folder=own, listing=True)
    assert contents(server, "x://a.txt", user("pub")) == "pub/a.txt"
    assert is_missing(server, "x://a.txt", user("secret"))
    assert names(server, "x://", user("secret")) == ["key.txt"]
    assert suggested(server, LISTED, "path", "", user("pub")) == ["a.txt", "docs/"]


@pytest.mark.parametrize(
    "name",
    ["", "/", "..", ".", "../pub", "pub/..", ".hidden", "a\\b", "a\0", "%2e%2e"]
    # As when something that was to follow, or precede, is empty.
    + ["pub/", "/pub", "pub//docs"],
)
def test_a_name_that_is_no_folder_opens_nothing(folder: Path, name: str) -> None:
    grow(folder.parent, ".hidden/a.txt")
    server = serving("x://", FileSystemStorage(folder.parent), folder=own, listing=True)
    for path in ("a.txt", "pub/a.txt", "key.txt", "", "?after=a"):
        assert is_missing(server, f"x://{path}", user(name))
    assert suggested(server, LISTED, "path", "", user(name)) == []


def test_who_has_no_folder_reads_nothing(folder: Path) -> None:
    server = serving("x://", FileSystemStorage(folder), folder=lambda context: None)
    assert is_missing(server, "x://a.txt")


@pytest.mark.parametrize(
    "wrong", ["/pub", "..", "a/../b", "a\\b", "a//b", 3, None, "a\0"]
)
def test_what_is_no_folder_is_refused(wrong: Any) -> None:
    def declare(server: MCPServer) -> None:
        server.storage_resource("x://", InMemoryStorage(), folder=wrong)

    assert "no folder of a storage" in refused(declare)


# -- rules --------------------------------------------------------------------


@pytest.mark.parametrize(
    "refusal", [PermissionDenied, Http404, User.DoesNotExist], ids=lambda one: str(one)
)
def test_a_rule_may_refuse_by_raising(folder: Path, refusal: type[Exception]) -> None:
    grow(folder, "b.txt")

    def rule(context: Context, name: str) -> bool:
        if name == "b.txt":
            raise refusal
        return True

    storage = FileSystemStorage(folder)
    server = serving("x://", storage, has_permission=rule, listing=True)
    assert is_missing(server, "x://b.txt")
    assert names(server, "x://") == ["a.txt", "docs/"]
    assert suggested(server, LISTED, "path") == ["a.txt", "docs/"]


def test_an_answer_that_nobody_awaits_opens_nothing(folder: Path) -> None:
    async def rule(context: Context, name: str) -> None: ...

    answers: list[Any] = []

    def asking(context: Context, name: str) -> Any:
        answers.append(rule(context, name))
        return answers[-1]

    server = serving("x://", FileSystemStorage(folder), has_permission=asking)
    assert is_missing(server, "x://a.txt")
    answers[0].close()


def test_hidden_files_are_served_only_when_asked_for(folder: Path) -> None:
    grow(folder, ".env", ".git/config", "docs/.secret")
    storage = FileSystemStorage(folder)
    shy = serving("x://", storage, listing=True)
    for path in (".env", ".git/config", "docs/.secret", ".git", "%2eenv", "%252eenv"):
        assert is_missing(shy, f"x://{path}")
    assert names(shy, "x://") == ["a.txt", "docs/"]
    assert suggested(shy, LISTED, "path", ".") == []
    assert suggested(shy, LISTED, "path", ".git/") == []
    bold = serving("x://", storage, hidden=True, listing=True)
    assert contents(bold, "x://.git/config") == ".git/config"
    assert names(bold, "x://") == [".env", ".git/", "a.txt", "docs/"]


def test_patterns_say_what_is_served(folder: Path) -> None:
    grow(folder, "a.pdf", "docs/b.PDF", "old/c.pdf", "old/deep/d.txt")
    storage = FileSystemStorage(folder)
    server = serving("x://", storage, patterns=["docs/*", "*.pdf"], listing=True)
    for path in ("docs/b.txt", "docs/b.PDF", "a.pdf", "old/c.pdf"):
        assert read(server, f"x://{path}")
    for path in ("a.txt", "old/deep/d.txt"):
        assert is_missing(server, f"x://{path}")
    assert names(server, "x://") == ["a.pdf", "docs/", "old/"]
    narrow = serving("x://", storage, patterns=["docs/*.txt"], listing=True)
    assert names(narrow, "x://") == ["docs/"]
    assert is_missing(narrow, "x://old")


def only_of(context: Context, name: str) -> bool:
    """Allow folders, and files with the user's name in theirs."""
    return name.endswith("/") or context.user.get_username() in name


def test_each_file_is_asked_about_by_its_name_in_the_storage(folder: Path) -> None:
    grow(folder, "ann.txt", "bob.txt", "docs/ann.md")
    storage, asked = FileSystemStorage(folder.parent), []

    def rule(context: Context, name: str) -> bool:
        asked.append(name)
        return only_of(context, name)

    server = serving("x://", storage, folder="pub", has_permission=rule, listing=True)
    ann = user("ann")
    assert contents(server, "x://ann.txt", ann) == "ann.txt"
    assert asked == ["pub/ann.txt"]
    assert is_missing(server, "x://bob.txt", ann)
    assert is_missing(server, "x://lost.txt", ann)
    assert names(server, "x://", ann) == ["ann.txt", "docs/"]
    assert {"pub/", "pub/docs/"} <= set(asked)
    assert suggested(server, LISTED, "path", "docs/", ann) == ["docs/ann.md"]


def test_each_entry_of_a_listing_is_asked_about_once(folder: Path) -> None:
    asked: list[str] = []

    def rule(context: Context, name: str) -> bool:
        asked.append(name)
        return True

    server = serving(
        "x://", FileSystemStorage(folder), has_permission=rule, listing=True
    )
    assert names(server, "x://docs") == ["b.txt"]
    assert sorted(set(asked)) == ["docs", "docs/", "docs/b.txt"]
    assert asked.count("docs/b.txt") == 1


def test_a_folder_that_is_refused_is_a_missing_one(folder: Path) -> None:
    server = serving(
        "x://",
        FileSystemStorage(folder),
        has_permission=lambda context, name: not name.startswith("docs/"),
        listing=True,
    )
    assert names(server, "x://") == ["a.txt"]
    for path in ("docs", "lost", "docs?after=a", "lost?after=a", "docs/b.txt"):
        assert is_missing(server, f"x://{path}")
    closed = serving(
        "x://",
        FileSystemStorage(folder),
        has_permission=lambda context, name: name != "",
        listing=True,
    )
    assert is_missing(closed, "x://")


def test_a_rule_that_would_have_to_be_awaited_is_refused() -> None:
    async def later(context: Context, name: str = "") -> bool:
        return True

    for options in ({"has_permission": later}, {"folder": later}):
        text = refused(lambda s, o=options: s.storage_resource("x://", **o))  # type: ignore[misc]
        assert "cannot be asynchronous" in text


# -- links and other ways to write a name -------------------------------------


def test_a_link_that_leads_out_leads_nowhere(folder: Path) -> None:
    out = folder.parent
    grow(folder, file=str(out / "key.txt"), all=str(out), up="..", one=".")
    storage = FileSystemStorage(folder)
    server = serving("x://", storage, listing=True)
    for path in ("file", "all/key.txt", "all", "up/key.txt", "up", "one"):
        assert is_missing(server, f"x://{path}")
    assert is_missing(server, "x://up/pub/a.txt/")
    assert names(server, "x://") == ["a.txt", "docs/"]
    assert suggested(server, LISTED, "path", "all/") == []
    # What it comes back to is no secret.
    assert contents(server, "x://up/pub/a.txt") == "pub/a.txt"


def test_a_link_to_itself_is_no_file(folder: Path) -> None:
    grow(folder, loop="loop")
    server = serving("x://", FileSystemStorage(folder), listing=True)
    for path in ("loop", "loop/a"):
        assert is_missing(server, f"x://{path}")


def test_a_link_within_the_folder_is_followed_to_what_may_be_read(folder: Path) -> None:
    grow(folder, ".env", "closed/x.txt", env=".env", one="docs/b.txt", shut="closed")
    server = serving(
        "x://",
        FileSystemStorage(folder),
        has_permission=lambda context, name: not name.startswith("closed"),
        listing=True,
    )
    assert contents(server, "x://one") == "pub/docs/b.txt"
    for path in ("env", "shut/x.txt", "shut", "closed/x.txt"):
        assert is_missing(server, f"x://{path}")
    assert names(server, "x://") == ["a.txt", "docs/", "one"]


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    grow(folder.parent, elsewhere=str(folder))
    server = serving("x://", FileSystemStorage(folder.parent), folder="elsewhere")
    assert contents(server, "x://a.txt") == "pub/a.txt"


def test_links_are_followed_out_when_asked(folder: Path) -> None:
    grow(folder, key=str(folder.parent / "key.txt"))
    server = serving("x://", FileSystemStorage(folder), links=True)
    assert contents(server, "x://key") == "key.txt"
    assert is_missing(server, "x://../key.txt")


class Careless(FileSystemStorage):
    """A disk on which capitals do not count, as many are."""

    def path(self, name: str) -> str:
        """See ``Storage``."""
        place = self.location
        for step in name.split("/"):
            known = {one.casefold(): one for one in os.listdir(place)}
            place = os.path.join(place, known.get(step.casefold(), step))
        return str(place)


def test_a_rule_is_not_passed_by_in_capitals(folder: Path) -> None:
    grow(folder, "private/x.txt", "ＡＢ.txt")
    storage = Careless(folder.parent)
    with storage.open("PUB/PRIVATE/X.TXT") as opened:
        assert opened.read() == b"private/x.txt"
    server = serving(
        "x://",
        storage,
        folder="pub",
        has_permission=lambda context, name: not name.startswith("pub/private/"),
        listing=True,
    )
    assert contents(server, "x://docs/b.txt") == "pub/docs/b.txt"
    for path in (
        "private/x.txt",
        "PRIVATE/x.txt",
        "PRIVATE",
        "Docs/b.txt",
        "docs/B.txt",
    ):
        assert is_missing(server, f"x://{path}")


def test_a_folder_is_listed_once_where_capitals_do_not_count(folder: Path) -> None:
    grow(folder, *(f"{n}.txt" for n in range(20)))
    asked: list[str] = []

    class Counting(Careless):
        def listdir(self, path: str) -> Any:
            asked.append(path)
            return super().listdir(path)

    server = serving("x://", Counting(folder), listing=True)
    assert len(names(server, "x://")) == 22
    assert asked == [""]


def test_a_storage_in_memory_has_the_same_rules() -> None:
    storage = InMemoryStorage()
    for name in ("pub/a.txt", "pub/.env", "key.txt"):
        storage.save(name, ContentFile(name.encode()))
    server = serving("x://", storage, folder="pub", listing=True)
    assert contents(server, "x://a.txt") == "pub/a.txt"
    for path in (".env", "key.txt", "pub", "a.txt/b", "..", "../key.txt"):
        assert is_missing(server, f"x://{path}")
    assert listed(server, "x://")["entries"] == [
        {"name": "a.txt", "uri": "x://a.txt", "mimeType": "text/plain"}
    ]
