"""Which language is chosen, of the headers, environments and texts there are."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.utils.autoreload import file_changed
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _
from django.utils.translation.reloader import translation_file_changed
from hypothesis import given
from hypothesis import strategies as st

from django_mcp import Context, MCPServer, languages
from tests.calls import asked, context_for

LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("pt-BR", "Português"),
    ("zh-hant", "繁體中文"),
]


@pytest.fixture(autouse=True)
def _some_languages(settings: Any) -> None:
    settings.LANGUAGES = LANGUAGES


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"", ""),
        (b"de", "de"),
        (b"DE-at", "de"),
        (b"pt", "pt-br"),
        (b"es, fr;q=0.5, de;q=0.7", "de"),
        (b"de;q=0, fr", "fr"),
        (b"es", ""),
        (b"*", ""),
        (b"en-US,en;q=0.9", ""),
        (b"\xff\x00 de", ""),
        (b"de" * 600, ""),
        (b"fr," + b"x" * 600, "fr"),
        (b"tlh," * 5000 + b"de", ""),
        (b"fr;q=0.1," * 5000, "fr"),
        (b"de;q=1.5", ""),
        (b"de;q=-1, fr", ""),
        (b"d\xc3\xa9,fr", ""),
        (b"../../de", ""),
        (b", , ,", ""),
        (b"*, de;q=0.5", ""),
        (b"en-GB, de;q=0.5", ""),
        (b"zh-TW, zh;q=0.9", "zh-hant"),
        (b"zh-Hant-HK", "zh-hant"),
        (b"zh-Hans-CN", "zh-hant"),
        (b"nn", ""),
    ],
)
def test_a_header_is_read_by_the_rules_of_django(header: bytes, language: str) -> None:
    assert languages.accepted(header) == language


@given(st.binary(max_size=700))
def test_whatever_is_sent_gives_a_language_of_the_project(header: bytes) -> None:
    known = {code.lower() for code, _ in LANGUAGES}
    assert languages.accepted(header) in {"", *known}


def test_a_header_is_read_once() -> None:
    assert languages.at_once(b"de") is None
    assert languages.accepted(b"de") == "de"
    assert languages.at_once(b"de") == "de"


def test_what_is_remembered_is_bounded() -> None:
    for number in range(languages.MAX_KNOWN + 10):
        languages.accepted(b"fr;q=0.%d" % number + b"x" * 600)
    assert len(languages._accepted) <= languages.MAX_KNOWN
    assert max(map(len, languages._accepted)) <= languages.MAX_HEADER


@pytest.mark.parametrize(
    "only", [{"LANGUAGES": [("en", "English")]}, {"USE_I18N": False}]
)
def test_a_project_of_one_language_has_no_choice(settings: Any, only: Any) -> None:
    for name, value in only.items():
        setattr(settings, name, value)
    assert not languages.several()
    assert languages.accepted(b"de") == ""


def test_a_setting_that_changes_is_heard_of(settings: Any) -> None:
    assert languages.accepted(b"de") == "de"
    settings.LANGUAGES = [("en", "English"), ("fr", "Français")]
    assert languages.accepted(b"de") == ""


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({}, b""),
        ({"LANG": "C.UTF-8"}, b""),
        ({"LANG": "POSIX", "LANGUAGE": "de"}, b""),
        ({"LANG": "de_AT.UTF-8@euro"}, b"de-at"),
        ({"LANG": "fr_FR", "LC_MESSAGES": "de_DE"}, b"de-de"),
        ({"LC_ALL": "C", "LANG": "de_DE"}, b""),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:fr_CA:"}, b"de,fr-ca"),
    ],
)
def test_an_environment_is_read_as_gettext_reads_it(
    environment: dict[str, str], header: bytes
) -> None:
    assert languages.accept_language_from(environment) == header


# -- the project's own function ------------------------------------------------


def wants_french(context: Context) -> str:
    return "fr-ca"


def wants_nothing(context: Context) -> None:
    return None


def wants_klingon(context: Context) -> str:
    return "tlh"


def wants_german_loudly(context: Context) -> str:
    return "DE-AT"


def wants_a_file(context: Context) -> str:
    return "../../etc/passwd"


def wants_too_much(context: Context) -> str:
    return "fr" * 10_000


def language_for(header: bytes) -> str:
    event = asked("ping")
    context = context_for(MCPServer("tests"), event, accept_language=header)
    return languages.language_of(context)


@pytest.mark.parametrize(
    ("hook", "language"),
    [
        ("wants_french", "fr"),
        ("wants_nothing", "de"),
        ("wants_klingon", "de"),
        ("wants_german_loudly", "de"),
        ("wants_a_file", "de"),
        ("wants_too_much", "de"),
    ],
)
def test_the_function_decides_if_it_knows(
    settings: Any, hook: str, language: str
) -> None:
    settings.DJANGO_MCP = {"LANGUAGE": f"{__name__}.{hook}"}
    assert languages.at_once(b"de") is None
    assert language_for(b"de") == language


def test_the_function_is_not_asked_where_there_is_no_choice(settings: Any) -> None:
    settings.LANGUAGES = LANGUAGES[:1]
    settings.DJANGO_MCP = {"LANGUAGE": f"{__name__}.no_such_function"}
    assert language_for(b"de") == ""


# -- speaking --------------------------------------------------------------------


def words() -> tuple[str | None, str]:
    return get_language(), gettext("Good day.")


def test_a_language_is_spoken_for_the_length_of_a_call() -> None:
    assert languages.speaking("de", words) == ("de", "Guten Tag.")
    assert words() == ("en-us", "Good day.")
    with override("fr"):
        assert languages.speaking("", words) == ("fr", "Bonjour.")
        assert languages.speaking("fr", words) == ("fr", "Bonjour.")
        assert languages.speaking("de", words) == ("de", "Guten Tag.")
        assert languages.speaking(None, words) == (None, "Good day.")
        assert words() == ("fr", "Bonjour.")
    with override(None):
        assert languages.speaking("de", words) == ("de", "Guten Tag.")
        assert words() == (None, "Good day.")


async def test_what_fails_leaves_no_language_behind() -> None:
    async def fail() -> None:
        raise RuntimeError(gettext("Good day."))

    def fail_at_once() -> None:
        raise RuntimeError(gettext("Good day."))

    with pytest.raises(RuntimeError, match="Guten Tag"):
        await languages.speaking("de", fail)
    with pytest.raises(RuntimeError, match="Guten Tag"):
        languages.speaking("de", fail_at_once)
    assert get_language() == "en-us"


class Wait:
    """Something to wait for, without an event loop."""

    def __await__(self) -> Generator[str]:
        yield "waiting"


async def say() -> tuple[str | None, str]:
    before = words()
    try:
        await Wait()
    finally:
        assert words() == before
    return words()


def test_nobody_else_speaks_the_language_of_a_call_that_waits() -> None:
    german, french = languages.speaking("de", say), languages.speaking("fr", say)
    for call in (german, french):
        assert call.send(None) == "waiting"
        assert words() == ("en-us", "Good day.")
    for call, said in ((german, "Guten Tag."), (french, "Bonjour.")):
        with pytest.raises(StopIteration) as ended:
            call.send(None)
        assert ended.value.value[1] == said
    assert words() == ("en-us", "Good day.")


@pytest.mark.parametrize("end", ["close", "throw"])
def test_a_call_that_ends_elsewhere_changes_nothing_there(end: str) -> None:
    call: Any = languages.speaking("de", say)
    call.send(None)
    with override("fr"):
        if end == "close":
            call.close()
        else:
            with pytest.raises(KeyError):
                call.throw(KeyError("x"))
        assert words() == ("fr", "Bonjour.")


def test_a_call_that_began_in_a_thread_speaks_on_in_another() -> None:
    with ThreadPoolExecutor(1) as pool:
        call: Any = pool.submit(languages.speaking, "de", say).result()
        assert pool.submit(words).result() == ("en-us", "Good day.")
    call.send(None)
    with pytest.raises(StopIteration) as ended:
        call.send(None)
    assert ended.value.value == ("de", "Guten Tag.")


def test_what_activates_a_language_is_remembered_and_bounded() -> None:
    threads = [
        Thread(target=languages.speaking, args=("de", words))
        for _ in range(languages.MAX_KNOWN + 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(languages._activating) <= languages.MAX_KNOWN
    languages.speaking("de", words)
    assert languages.speaking("de", words) == ("de", "Guten Tag.")
    translation_file_changed(None, Path("django.mo"))  # as runserver does
    file_changed.send(None, file_path=Path("django.mo"))
    assert languages.speaking("de", words) == ("de", "Guten Tag.")


# -- texts -----------------------------------------------------------------------

TEXT = _("Good day.")


@pytest.mark.parametrize(
    ("value", "lazy"),
    [
        (TEXT, True),
        ({"a": [1, {"b": (TEXT,)}]}, True),
        ({"a": ["b", 1, None]}, False),
        ("Good day.", False),
    ],
)
def test_lazy_texts_are_found_wherever_they_are(value: Any, lazy: bool) -> None:
    assert languages.is_lazy(value) is lazy


def test_texts_are_said_in_the_language_of_the_moment() -> None:
    with override("de"):
        assert languages.spoken({"a": [TEXT, 1], "b": (TEXT,)}) == {
            "a": ["Guten Tag.", 1],
            "b": ["Guten Tag."],
        }
