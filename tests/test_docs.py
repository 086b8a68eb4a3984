"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import load_command_class

import django_mcp
from django_mcp import MCPServer
from django_mcp.conf import KEYS
from django_mcp.providers import functions
from django_mcp.providers.views.options import ViewOptions

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if "_build" not in path.parts
)
#: Commands, and the app of each.
COMMANDS = {
    path.stem: ".".join(path.parents[2].relative_to(ROOT).parts)
    for path in sorted(ROOT.glob("django_mcp/**/management/commands/mcp_*.py"))
}
#: What every command of Django has.
COMMON_OPTIONS = {
    "--force-color", "--help", "--no-color", "--pythonpath", "--settings",
    "--skip-checks", "--traceback", "--verbosity", "--version",
}  # fmt: skip


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text("utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next of its level."""
    level = heading.partition(" ")[0]
    _, _, rest = text.partition(f"{heading}\n")
    assert rest, f"There is no heading {heading!r}."
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    documented = re.findall(r"^`([A-Z_]+)`$", page("settings"), re.MULTILINE)
    assert sorted(documented) == sorted(KEYS)


def test_every_check_is_documented_and_every_documented_one_exists() -> None:
    pattern = re.compile(r"\bdjango_mcp\.[EW]\d{3}\b")
    source = "".join(
        path.read_text("utf-8") for path in (ROOT / "django_mcp").rglob("*.py")
    )
    documented = re.findall(r"^\| `(django_mcp\.[EW]\d{3})` \|", page("checks"), re.M)
    assert sorted(documented) == sorted(set(pattern.findall(source)))


def test_every_command_is_documented_and_every_documented_one_exists() -> None:
    documented = re.findall(r"^## `(mcp_\w+)`$", page("commands"), re.MULTILINE)
    assert sorted(documented) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented(name: str) -> None:
    command = load_command_class(COMMANDS[name], name)
    parser = command.create_parser("manage.py", name)
    options = {
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    text = section(page("commands"), f"## `{name}`")
    missing = {o for o in options - COMMON_OPTIONS if f"`{o}`" not in text}
    assert not missing


@pytest.mark.parametrize("decorator", ["tool", "resource", "prompt"])
def test_every_option_of_a_decorator_is_documented(decorator: str) -> None:
    own = getattr(functions, f"{decorator}_from_function")
    options = keywords(own) | keywords(functions.primitive_fields)
    text = section(page("server"), f"### `mcp.{decorator}`")
    assert options
    assert not {option for option in options if f"`{option}`" not in text}


def test_every_option_of_a_view_is_documented() -> None:
    text = section(page("views"), "## Options")
    assert not {f.name for f in fields(ViewOptions) if f"`{f.name}`" not in text}


def test_every_argument_of_a_server_is_documented() -> None:
    names = set(inspect.signature(MCPServer).parameters) - {"name"}
    assert not {name for name in names if f"{name}=" not in page("server")}


#: What transports and methods ask a server, and no project.
FOR_THE_INSIDE = {
    "authenticators_by", "complete_dict", "ending", "go_live", "info", "settle",
    "topic", "translated", "used",
}  # fmt: skip


def test_every_member_of_a_server_is_documented() -> None:
    names = {name for name in vars(MCPServer) if not name.startswith("_")}
    text = page("server")
    told = {name for name in names if f"mcp.{name}" in text or f"{name}=" in text}
    assert names - told == FOR_THE_INSIDE


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join(path.read_text("utf-8") for path in REFERENCE.glob("*.md"))
    names = set(django_mcp.__all__)
    assert not {n for n in names if not re.search(rf"\b{n}\b", text)}


def keywords(function: Callable[..., object]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield each block of code in a language, and where it is."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    for path in PAGES:
        text = path.read_text("utf-8")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield f"{path.relative_to(ROOT)}:{line}", match[1]


@pytest.mark.parametrize(("place", "code"), list(blocks("python")))
def test_every_python_block_compiles(place: str, code: str) -> None:
    compile(code, place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize(("place", "code"), list(blocks("json")))
def test_every_json_block_parses(place: str, code: str) -> None:
    json.loads(code)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+\.md)\)", path.read_text("utf-8"))
    assert not [t for t in targets if not (path.parent / t).exists()]


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (\d+\.\d+\.\d+) - ", changelog, re.MULTILINE)
    assert headings[0] == metadata["project"]["version"]


def test_every_verb_of_the_makefile_is_a_script() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    verbs = re.search(r"^VERBS := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    assert verbs
    names = set(verbs[1].replace("\\", " ").split())
    assert names == {p.name for p in (ROOT / "scripts").iterdir()} - {"environment"}


THREATS = sorted((ROOT / "tests" / "threats").glob("test_*.py"))


def trials(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, functions)]
    return [node for node in found if node.name.startswith("test_")]


#: Read before any test has run: what is collected meanwhile may be shown with its
#: source, and Python 3.11 cannot parse while it parses.
TRIALS = {path: trials(path) for path in THREATS}


@pytest.mark.parametrize("path", THREATS, ids=lambda path: path.stem)
def test_every_threat_names_the_file_that_averts_it(path: Path) -> None:
    for test in TRIALS[path]:
        _, found, defence = (ast.get_docstring(test) or "").partition("Defence:")
        assert found, test.name
        files = re.findall(r"[\w/]+\.(?:py|html)", defence)
        assert files, test.name
        assert all((ROOT / "django_mcp" / file).exists() for file in files), test.name


def test_every_threat_on_the_page_is_tried() -> None:
    text = (ROOT / "docs" / "threats.md").read_text("utf-8")
    names = {test.name for tests in TRIALS.values() for test in tests}
    assert set(re.findall(r"`(test_\w+)`", text)) <= names
