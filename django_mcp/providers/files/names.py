"""Names of files as strangers send them: which are safe, and which are served.

Pure: looks at no disk and at no storage. A name is a path below a folder, its
steps joined by slashes. It is judged as it stands, and as anything behind us
might read it: decoded once more, or in another Unicode form.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

#: No storage has longer ones: file systems end at 4096 bytes, S3 at 1024.
MAX_LENGTH = 1024
_NOWHERE = re.compile("[\\\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: What Windows opens in place of a file, with whatever suffix.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE
)
_WINDOWS = os.name == "nt"


def is_safe(name: str, *, hidden: bool = False, windows: bool = _WINDOWS) -> bool:
    """May a storage be asked for this name?

    ``hidden`` lets steps begin with a dot, as files do that nobody means to
    show.
    """
    if len(name) > MAX_LENGTH:
        return False
    return all(_is_safe(reading, hidden, windows) for reading in _readings(name))


def _readings(name: str) -> Iterator[str]:
    yield name
    decoded = unquote(name) if "%" in name else name
    if decoded != name:
        yield decoded
    if not decoded.isascii():
        # Some file systems pass over what cannot be seen, and full-width
        # dots and slashes are dots and slashes to some programs.
        plain = unicodedata.normalize("NFKC", decoded)
        yield "".join(c for c in plain if unicodedata.category(c) != "Cf")


def _is_safe(name: str, hidden: bool, windows: bool) -> bool:
    if _NOWHERE.search(name):
        return False
    return all(
        step not in {"", ".", ".."}
        and (hidden or not step.startswith("."))
        and not (windows and _means_more(step))
        for step in name.split("/")
    )


def _means_more(step: str) -> bool:
    """Is it something else than a file of this name, to Windows?"""
    return ":" in step or step[-1] in ". " or _DEVICE.fullmatch(step) is not None


class Patterns:
    """Which names are served: those that fit one pattern; all, without any.

    ``*.pdf`` fits names in every folder, ``manuals/*.pdf`` those of one, and
    ``**`` stands for any number of folders. Only patterns without a slash
    pass over the difference between capitals and small letters: a folder in
    capitals may be another folder.

    Raises: ImproperlyConfigured
    """

    __slots__ = ("_patterns", "texts")

    def __init__(self, texts: Iterable[Any]) -> None:
        if isinstance(texts, str):
            raise ImproperlyConfigured(
                f"Patterns are a list: patterns=[{texts!r}], not patterns={texts!r}."
            )
        self.texts: tuple[Any, ...] = tuple(texts)
        for text in self.texts:
            if not (isinstance(text, str) and is_safe(text, hidden=True)):
                raise ImproperlyConfigured(
                    f"{text!r} is no pattern: write it as '*.pdf' or 'manuals/*.pdf'."
                )
        self._patterns = [_Pattern(text) for text in self.texts]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def fit(self, name: str) -> bool:
        """Is a file of this name served?"""
        return not self._patterns or any(one.fits(name) for one in self._patterns)

    def lead_through(self, folder: str) -> bool:
        """May there be such a file somewhere below a folder?"""
        return not self._patterns or any(
            one.leads_through(folder) for one in self._patterns
        )


class _Pattern:
    """One pattern, followed step by step: the time is linear in the name's."""

    __slots__ = ("_folds", "_steps")

    def __init__(self, text: str) -> None:
        self._folds = "/" not in text
        self._steps = ["**", text.casefold()] if self._folds else text.split("/")

    def fits(self, name: str) -> bool:
        return len(self._steps) in self._reached(name)

    def leads_through(self, folder: str) -> bool:
        return any(place < len(self._steps) for place in self._reached(folder))

    def _reached(self, name: str) -> set[int]:
        """Return the places in the pattern at which one may be after a name."""
        places = self._passed({0})
        for step in (name.casefold() if self._folds else name).split("/"):
            places = self._passed(
                {
                    place if self._steps[place] == "**" else place + 1
                    for place in places
                    if place < len(self._steps) and self._takes(place, step)
                }
            )
        return places

    def _takes(self, place: int, step: str) -> bool:
        pattern = self._steps[place]
        return pattern == "**" or fnmatchcase(step, pattern)

    def _passed(self, places: set[int]) -> set[int]:
        """Add the places behind ``**``, which may also stand for nothing."""
        found = set(places)
        for place in sorted(places):
            while place < len(self._steps) and self._steps[place] == "**":
                place += 1
                found.add(place)
        return found
