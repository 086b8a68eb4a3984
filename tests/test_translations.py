"""The package's own words are translated, all of them, and compiled."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from django.utils.translation import override

from django_mcp.exceptions import PermissionRequired
from django_mcp.methods.refusals import words
from django_mcp.providers.functions import tool_from_function
from django_mcp.schema.errors import ArgumentErrors
from tests.calls import asked, context_for

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "django_mcp"
LANGUAGES = ("de", "fr")
#: The folders whose texts are translated: what is shipped, what tests read.
FOLDERS = (PACKAGE, ROOT / "tests" / "testapp")
_MARKS = {"_", "gettext", "gettext_lazy"}
_PLURALS = {"ngettext", "ngettext_lazy"}
_TAG = re.compile(r'{% translate "([^"]*)" %}')
_BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}")
_VARIABLE = re.compile(r"{{ (\w+) }}")
_ENTRY = re.compile(
    r"^msgid ((?:\".*\"\n)+)msgstr ((?:\".*\"(?:\n|\Z))+)", re.MULTILINE
)
#: One text for one thing, and another for several.
_PLURAL_ENTRY = re.compile(
    r"^msgid ((?:\".*\"\n)+)msgid_plural ((?:\".*\"\n)+)"
    r"msgstr\[0\] ((?:\".*\"\n)+)msgstr\[1\] ((?:\".*\"(?:\n|\Z))+)",
    re.MULTILINE,
)


def marked(folder: Path) -> set[str]:
    """Return the texts in a folder's source that are marked for translation."""
    return _shown(folder) | {
        text
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for text in _texts(node)
    }


def _shown(folder: Path) -> set[str]:
    """Return the texts of pages, as a catalogue writes them."""
    pages = [file.read_text("utf-8") for file in folder.rglob("*.html")]
    texts = {text for page in pages for text in _TAG.findall(page)}
    blocks = {text for page in pages for text in _BLOCK.findall(page)}
    return texts | {_VARIABLE.sub(r"%(\1)s", text) for text in blocks}


def _texts(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in _MARKS and call.args and isinstance(call.args[0], ast.Constant):
        yield str(call.args[0].value)
    if name in _PLURALS:
        yield from (str(one.value) for one in call.args[:2])  # type: ignore[attr-defined]


def catalogue(folder: Path, language: str) -> dict[str, str]:
    """Return what a catalogue of texts says, without its head."""
    text = place(folder, language).with_suffix(".po").read_text("utf-8")
    assert "#, fuzzy" not in text
    found = {_joined(key): _joined(value) for key, value in _ENTRY.findall(text)}
    found.pop("")
    for one, several, first, second in _PLURAL_ENTRY.findall(text):
        found |= {_joined(one): _joined(first), _joined(several): _joined(second)}
    return found


def _flat(known: dict[Any, str], folder: Path, language: str) -> dict[str, str]:
    """Return a compiled catalogue as `catalogue` returns the written one."""
    text = place(folder, language).with_suffix(".po").read_text("utf-8")
    several = {_joined(one): _joined(n) for one, n, _, _ in _PLURAL_ENTRY.findall(text)}
    flat: dict[str, str] = {}
    for key, translated in known.items():
        if isinstance(key, tuple):
            key = several[key[0]] if key[1] else key[0]
        flat[key] = translated
    flat.pop("")
    return flat


def _joined(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.splitlines())


def place(folder: Path, language: str) -> Path:
    return folder / "locale" / language / "LC_MESSAGES" / "django.mo"


def fields(text: str) -> set[str | None]:
    filled = {field for _, field, _, _ in Formatter().parse(text) if field}
    return filled | set(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_catalogue_has_every_text_and_no_other(folder: Path, language: str) -> None:
    found = catalogue(folder, language)
    assert set(found) == marked(folder), "run scripts/messages, and translate"
    assert all(found.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_the_same_values(language: str) -> None:
    for text, translated in catalogue(PACKAGE, language).items():
        assert fields(text) == fields(translated), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_catalogue_is_compiled(folder: Path, language: str) -> None:
    with place(folder, language).open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = catalogue(folder, language)
    known: dict[Any, str] = compiled._catalog  # type: ignore[attr-defined]
    assert _flat(known, folder, language) == written


def refusal(language: str) -> str:
    def order(isbn: str, count: int) -> None: ...

    tool = tool_from_function(order, atomic=False)
    context = context_for(None, asked("tools/call"))  # type: ignore[arg-type]
    with override(language), pytest.raises(ArgumentErrors) as raised:
        tool.call(context, {"count": "many", "colour": 1})
    return words(raised.value)


def test_arguments_that_do_not_fit_are_told_in_the_language_that_is_active() -> None:
    assert refusal("de").split("\n") == [
        "isbn: Feld erforderlich",
        "count: muss eine gültige ganze Zahl sein",
        "colour: unbekanntes Argument; erlaubt sind isbn, count",
    ]
    assert "champ obligatoire" in refusal("fr")
    assert "field required" in refusal("en")


def test_a_refusal_without_words_has_some_in_every_language() -> None:
    with override("de"):
        assert words(PermissionRequired()) == "Dazu fehlt die Berechtigung."
