"""Prompts are found in the folders of installed apps, and nowhere else."""

from __future__ import annotations

from importlib import invalidate_caches
from pathlib import Path

import pytest
from django.test import override_settings

from django_mcp import MCPServer
from django_mcp.providers.templates.discovery import autodiscover
from tests.providers.templates.telling import (
    Write,
    listed,
    mistakes_of,
    said,
    served,
)

APP = Path(__file__).parents[2] / "testapp"
NAMES = ["greet", "letters.farewell"]


def discovering() -> MCPServer:
    server = MCPServer("tests")
    with override_settings(DJANGO_MCP={}):
        autodiscover(server)
    return server


def names(server: MCPServer) -> list[str]:
    return [one["name"] for one in listed(served(server))]


def test_the_prompts_of_apps_are_found() -> None:
    server = discovering()
    assert not len(server.registry.prompts)
    assert names(server) == NAMES
    assert said(server, "greet", {"who": "Ann"}) == [("user", "Say hello to Ann.")]


def test_an_app_without_a_module_for_it_keeps_its_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "assistant" / "templates" / "assistant" / "prompts"
    folder.mkdir(parents=True)
    (tmp_path / "assistant" / "__init__.py").touch()
    (folder / "system.md").write_text("You are the assistant of the shop.")
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(INSTALLED_APPS=["assistant"]):
        server = discovering()
        assert not server.declarations  # nothing waits to be served
        [mistake] = server.declarations.mistakes
        assert (mistake.id, mistake.source) == ("django_mcp.W014", str(folder))
        (tmp_path / "assistant" / "mcp.py").touch()
        invalidate_caches()
        server = discovering()
        assert names(server) == ["system"]


def test_what_begins_with_an_underscore_or_is_no_text_is_kept_back() -> None:
    folder = APP / "templates" / "testapp" / "prompts"
    files = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"_layout.md", "logo.png"} < files
    assert names(discovering()) == NAMES


def test_nothing_is_found_where_no_engine_looks() -> None:
    backend = "django.template.backends.django.DjangoTemplates"
    with override_settings(TEMPLATES=[{"BACKEND": backend, "APP_DIRS": False}]):
        assert names(discovering()) == []
    with override_settings(TEMPLATES=[]):
        assert names(discovering()) == []


def test_loaders_of_a_project_count() -> None:
    loader = "django.template.loaders.app_directories.Loader"
    engine = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [loader])]},
    }
    with override_settings(TEMPLATES=[engine]):
        assert names(discovering()) == NAMES


def test_a_setting_switches_it_off() -> None:
    with override_settings(DJANGO_MCP={"PROMPT_TEMPLATES": False}):
        server = MCPServer("tests")
        autodiscover(server)
    assert not server.declarations
    assert names(server) == []


def test_nothing_waits_where_no_app_has_prompts() -> None:
    with override_settings(INSTALLED_APPS=["django.contrib.contenttypes"]):
        assert not discovering().declarations


@pytest.mark.django_db
def test_a_prompt_that_the_project_declares_is_left_to_it() -> None:
    server = MCPServer("tests")
    server.prompt_template("testapp/prompts/greet.md", permission="auth.add_user")
    with override_settings(DJANGO_MCP={}):
        autodiscover(server)
    assert names(server) == ["letters.farewell"]


def test_a_prompt_of_another_server_is_left_to_it() -> None:
    staff, late = MCPServer("staff"), MCPServer("tests")
    staff.prompt_template("testapp/prompts/greet.md")
    with override_settings(DJANGO_MCP={}):
        autodiscover(late, [staff])
    assert names(late) == ["letters.farewell"]


@pytest.mark.parametrize(
    "folder", ["testapp/prompts/letters", "testapp/prompts/letters/"]
)
def test_a_folder_of_another_server_is_left_to_it_before_it_is_read(
    folder: str,
) -> None:
    staff = MCPServer("staff")
    with override_settings(DJANGO_MCP={}):
        late = MCPServer("tests")
        autodiscover(late, [staff])
    staff.prompt_templates(folder)
    assert names(late) == ["greet"]
    assert names(staff) == ["letters.farewell"]


@pytest.mark.django_db
def test_a_folder_that_the_project_declares_late_is_left_to_it() -> None:
    server = discovering()
    server.prompt_templates("testapp/prompts", permission="auth.add_user")
    assert names(server) == []


def test_a_folder_is_declared_at_once(write: Write) -> None:
    write("talk/one.md", "One {{ shop }}")
    write("talk/deep/two.md", "Two")
    write("talk/_kept.md", "Kept")
    write("talk/.hidden.md", "Hidden")
    server = MCPServer("tests")
    server.prompt_templates("talk", context={"shop": "here"}, tags=["t"])
    assert names(server) == ["one", "two"]
    assert said(server, "one") == [("user", "One here")]


def test_one_unfit_template_keeps_no_other_back(write: Write) -> None:
    write("talk/good.md", "Good")
    write("talk/bad.md", "{% nonsense %}")
    server = MCPServer("tests")
    server.prompt_templates("talk")
    [(check, text)] = mistakes_of(server)
    assert check == "django_mcp.E016"
    assert "bad.md:1" in text
    assert [one["name"] for one in listed(server)] == ["good"]


def test_two_of_one_name_are_a_mistake(write: Write) -> None:
    write("a/same.md", "First")
    write("b/same.md", "Second")
    server = MCPServer("tests")
    server.prompt_templates("a")
    server.prompt_templates("b")
    [(_, text)] = mistakes_of(server)
    assert "already registered by a/same.md" in text


def test_an_empty_folder_is_a_mistake(write: Write) -> None:
    write("other/a.md", "")
    server = MCPServer("tests")
    server.prompt_templates("nowhere")
    server.prompt_templates("../../etc")
    assert [text for _, text in mistakes_of(server)] == [
        "There is no template in 'nowhere'.",
        "There is no template in '../../etc'.",
    ]


def test_the_prompts_of_a_folder_share_no_name() -> None:
    with pytest.raises(TypeError, match="cannot share name"):
        MCPServer("tests").prompt_templates("talk", name="x")
