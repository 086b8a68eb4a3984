"""Files of storages: declared, found, read, and never anything else."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import (
    FileSystemStorage,
    InMemoryStorage,
    default_storage,
)
from django.test import override_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_mcp import MCPServer, PermissionRequired
from django_mcp.auth import AllowAnonymous
from django_mcp.methods.primitives import read_resource
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for
from tests.providers.files.asking import (
    completed,
    contents,
    grow,
    is_missing,
    mistakes_of,
    read,
    refused,
    serving,
    settled,
)
from tests.providers.models.asking import person
from tests.wire import REVISIONS, Client

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
PATHS = "media://covers/{+path}"


def covers() -> InMemoryStorage:
    storage = InMemoryStorage()
    storage.save("covers/emma.png", ContentFile(PNG))
    storage.save("covers/read me.txt", ContentFile("Größe".encode()))
    storage.save("covers/old/emma.png", ContentFile(PNG))
    storage.save("secret.txt", ContentFile(b"secret"))
    return storage


# -- what is offered -----------------------------------------------------------


@pytest.mark.parametrize("prefix", ["media://covers/", "media://covers"])
def test_one_template_stands_for_all_files(prefix: str) -> None:
    server = serving(prefix, covers(), folder="covers", patterns=["*.png"])
    [template] = server.registry.templates
    assert template.uri_template == PATHS
    assert template.name == "covers"
    assert template.description == "Files by their path (*.png)"
    assert template.source.startswith(__file__.rpartition("/")[0])
    assert template.blocking
    assert not len(server.registry.resources)


def test_the_options_of_all_primitives_are_taken() -> None:
    server = serving(
        "media://", covers(), folder="covers", listing=True, name="art", title="Art",
        description="Covers of books", tags=["art"], scopes=["art:read"],
        meta={"x": 1}, timeout=3,
    )  # fmt: skip
    every = [*server.registry.templates, *server.registry.resources]
    assert len(every) == 3
    for one in every:
        assert (one.title, one.timeout, one.meta) == ("Art", 3, {"x": 1})
        assert one.scopes == {"art:read"}
        assert one.name.startswith("art")
    assert {one.name for one in server.registry.templates} == {"art", "art_folder"}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_clients_of_every_revision_list_read_and_complete(revision: str) -> None:
    server = MCPServer("tests", authenticators=[AllowAnonymous()])
    server.storage_resource(
        "media://covers/", covers(), folder="covers", listing=True, permission=None
    )
    client = await Client(server.asgi, revision).open()
    listed = (await client.ask("resources/templates/list")).result["resourceTemplates"]
    assert {one["uriTemplate"] for one in listed} == {
        "media://covers/{+path}{?after}", "media://covers/{?after}",
    }  # fmt: skip
    found = (await client.ask("resources/list")).result["resources"]
    assert [one["uri"] for one in found] == ["media://covers/"]
    answer = await client.ask("resources/read", {"uri": "media://covers/emma.png"})
    [picture] = answer.result["contents"]
    assert picture["mimeType"] == "image/png"
    assert base64.b64decode(picture["blob"]) == PNG
    uri = "media://covers/read%20me.txt"
    [words] = (await client.ask("resources/read", {"uri": uri})).result["contents"]
    assert words == {"uri": uri, "mimeType": "text/plain", "text": "Größe"}
    missing = await client.ask("resources/read", {"uri": "media://covers/lost.png"})
    hidden = await client.ask("resources/read", {"uri": "media://covers/../secret.txt"})
    assert missing.code == hidden.code
    assert missing.body["error"]["message"] == hidden.body["error"]["message"]
    params = {
        "ref": {"type": "ref/resource", "uri": "media://covers/{+path}{?after}"},
        "argument": {"name": "path", "value": "e"},
    }
    completion = (await client.ask("completion/complete", params)).result["completion"]
    assert completion["values"] == ["emma.png"]


@pytest.mark.django_db
def test_permissions_and_scopes_decide_who_reads() -> None:
    server = serving(
        "media://", covers(), folder="covers", listing=True,
        permission="testapp.view_item", scopes=["art:read"],
    )  # fmt: skip
    reader, other = person("reader", "testapp.view_item"), person("other")
    for uri in ("media://emma.png", "media://", "media://old"):
        assert read(server, uri, reader)
        assert is_missing(server, uri, other)
        event = asked("resources/read", {"uri": uri})
        narrow = context_for(server, event, reader, scopes=frozenset())
        with pytest.raises(PermissionRequired):
            read_resource(server, event, narrow)
    with pytest.raises(ProtocolError):
        completed(server, "media://{+path}{?after}", "")


# -- storages ------------------------------------------------------------------


def test_the_storage_is_the_projects_own_unless_another_is_given(
    tmp_path: Path,
) -> None:
    grow(tmp_path, "media/a/x.txt", "other/a/x.txt")
    kinds: dict[str, Any] = {
        name: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / name)},
        }
        for name in ("media", "other")
    }
    with override_settings(STORAGES={"default": kinds["media"], "b": kinds["other"]}):
        servers = [
            serving("x://", given, folder="a")
            for given in (
                None,
                default_storage,
                "b",
                lambda: FileSystemStorage("/none"),
            )
        ]
        found = [contents(server, "x://x.txt") for server in servers]
        assert found == ["media/a/x.txt", "media/a/x.txt", "other/a/x.txt", None]
    # An alias is looked up when it is used.
    with override_settings(STORAGES={"default": kinds["other"], "b": kinds["media"]}):
        assert contents(servers[0], "x://x.txt") == "other/a/x.txt"
        assert contents(servers[2], "x://x.txt") == "media/a/x.txt"


def test_a_class_of_storage_is_one_too(tmp_path: Path) -> None:
    with override_settings(MEDIA_ROOT=str(tmp_path)):
        grow(tmp_path, "a/x.txt")
        server = serving("x://", FileSystemStorage, folder="a")
        assert contents(server, "x://x.txt") == "a/x.txt"


@pytest.mark.parametrize(
    ("prefix", "options", "reason"),
    [
        ("covers", {}, "needs an address"),
        (3, {}, "needs an address"),
        ("media://{user}/", {}, "cannot have variables"),
        ("media://{/", {}, "braces"),
        ("x://", {"storage": 3}, "no storage"),
        ("x://", {"storage": lambda: None}, "no storage"),
        ("x://", {"storage": "nothing"}, "nothing"),
        ("x://", {"max_size": 0}, "max_size of x://"),
        ("x://", {"max_size": "1"}, "max_size of x://"),
        ("x://", {"encoding": "klingon"}, "no encoding"),
        ("x://", {"encoding": None}, "no encoding"),
        ("x://", {"encoding": "hex"}, "no encoding"),
        ("x://", {"patterns": "*.png"}, "patterns=['*.png']"),
        ("x://", {"permission": "view"}, "A storage resource x:// asks for"),
    ],
)
def test_what_cannot_be_served_is_refused(
    prefix: Any, options: Any, reason: str
) -> None:
    options = {"folder": "a", **options}
    assert reason in refused(lambda s: s.storage_resource(prefix, **options))


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        MCPServer("tests").storage_resource("x://", covers(), colour="red")


def test_two_storages_cannot_share_an_address() -> None:
    def declare(server: MCPServer) -> None:
        server.storage_resource("x://a", covers(), folder="covers")
        server.storage_resource("x://a/", covers(), folder="old")

    [mistake] = mistakes_of(declare)
    assert "already registered by" in mistake.text


# -- sizes ---------------------------------------------------------------------


@pytest.mark.parametrize("size", [100, 101])
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    server = serving("x://", FileSystemStorage(tmp_path), max_size=100)
    if size == 100:
        assert contents(server, "x://a") == "x" * 100
    else:
        with pytest.raises(ProtocolError, match="larger than 100 bytes"):
            read(server, "x://a")


# -- any URI whatsoever --------------------------------------------------------

STEPS = [
    "..", ".", "", "pub", "sub", "a.txt", "secret", "key.txt", ".env", ".git", "out",
    "file", "up", "inner", "etc", "passwd", "\\", "\0", "\uff0e\uff0e", "\u2024\u2024",
    "..\u200b", "...", "~", "C:", "CON", "a.txt::$DATA", "PUB", "KEY.TXT", "a.txt ",
    "a.txt.", " ", "%", "%2e%2e", "%252e%252e", "..%2f", "%00", "?", "#", "*",
]  # fmt: skip
SEPARATORS = ["/", "//", "\\", "%2f", "%252f", "%5c", "/./", "/../", "\uff0f", "%c0%af"]


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """Draw a path that wants to be elsewhere."""
    path = draw(st.sampled_from(["", "/", "//", "file:///"]))
    for _ in range(draw(st.integers(1, 6))):
        step = draw(st.sampled_from(STEPS) | st.text(max_size=4))
        for _ in range(draw(st.integers(0, 2))):
            step = quote(step.encode(errors="replace"), safe="")
        path += step + draw(st.sampled_from([*SEPARATORS, ""]))
    return path


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """Return a folder that is served, among others that are not."""
    with tempfile.TemporaryDirectory() as made:
        top = Path(os.path.realpath(made))
        outside = ("key.txt", "secret/key.txt", ".env", "pubs/a.txt", "a.txt")
        inside = (
            "a.txt",
            "sub/a.txt",
            "sub/deep/key.txt",
            "\uff0e.txt",
            "%2e%2e/a.txt",
        )
        for name in outside:
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text("secret")
        for name in inside:
            (top / "pub" / name).parent.mkdir(parents=True, exist_ok=True)
            (top / "pub" / name).write_text("public")
        for name in (".env", ".git/config", "sub/.env"):
            (top / "pub" / name).parent.mkdir(parents=True, exist_ok=True)
            (top / "pub" / name).write_text("secret")
        for name, target in {
            "out": top, "file": top / "key.txt", "up": "..", "inner": "sub",
            "sub/etc": "/etc", "env": ".env",
        }.items():  # fmt: skip
            os.symlink(str(target), top / "pub" / name)
        yield top


@pytest.fixture(scope="module")
def servers(tree: Path) -> list[MCPServer]:
    """Return the same folder, served in every way there is."""
    near, far = FileSystemStorage(tree), FileSystemStorage(tree / "pub")
    return [
        settled(lambda s: s.storage_resource("x://", near, folder="pub", listing=True)),
        settled(lambda s: s.storage_resource("x://", far)),
        settled(
            lambda s: s.storage_resource("x://", near, folder=lambda context: "pub")
        ),
    ]


@settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hostile() | st.text())
@example("out/key.txt")
@example("file")
@example("sub/etc/passwd")
@example("env")
@example("%2e%2e/key.txt")
@example("%252e%252e/key.txt")
def test_no_uri_whatsoever_reads_outside_the_folder(
    servers: list[MCPServer], path: str
) -> None:
    for server in servers:
        found = contents(server, f"x://{path}")
        assert found is None or found == "public" or found.startswith('{"folder":')
        assert not found or "secret" not in found
        assert not found or ".env" not in found


@settings(max_examples=500, deadline=None)
@given(hostile() | st.text())
@example("out/")
@example("sub/etc/")
@example("up/")
def test_no_text_whatsoever_is_completed_outside_the_folder(
    servers: list[MCPServer], path: str
) -> None:
    allowed = {"a.txt", "sub/", "\uff0e.txt", "inner/", "sub/a.txt", "sub/deep/",
               "sub/deep/key.txt", "inner/a.txt", "inner/deep/", "inner/deep/key.txt"}  # fmt: skip
    for server, template in zip(
        servers, ("x://{+path}{?after}", "x://{+path}", "x://{+path}"), strict=True
    ):
        assert set(completed(server, template, path)["values"]) <= allowed
