"""What one caller may read of a storage: a folder, and the rules about it.

A name passes here before anything is opened. On a disk, what counts is the
file that a name leads to: links are followed, and the rules are asked about
its own name too.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, NamedTuple, TypeAlias

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    SuspiciousOperation,
)
from django.http import Http404

from django_mcp.context import Context
from django_mcp.providers.files.names import Patterns, is_safe
from django_mcp.providers.files.stored import Storage

#: ``folder(context)``: the caller's own, or nothing for who has none.
OwnFolder: TypeAlias = Callable[[Context], str | None]
#: ``has_permission(context, name)`` with the storage's name of a file, or of
#: a folder, which ends with a slash.
HasPermission: TypeAlias = Callable[[Context, str], bool]

#: What a storage raises for a folder that is none.
MISSING = (OSError, SuspiciousOperation, ValueError)
#: What a rule may raise to say no.
REFUSALS = (Http404, ObjectDoesNotExist, PermissionDenied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which files are served, for everybody."""

    folder: str | OwnFolder = ""
    patterns: Patterns
    #: Serve names that begin with a dot.
    hidden: bool = False
    #: Follow links out of the folder.
    links: bool = False
    has_permission: HasPermission | None = None

    def of(self, context: Context, storage: Storage) -> Folder | None:
        """Return what a caller may read; ``None``: nothing at all."""
        if not callable(self.folder):
            return Folder(self, context, storage, self.folder)
        own = self.folder(context)
        # "users/" and the name of nobody is no name for the folder of all: what
        # ends or begins with a slash lacks something there.
        if not own or not is_safe(own, hidden=self.hidden):
            return None
        return Folder(self, context, storage, own)


class Entry(NamedTuple):
    """Something in a folder."""

    #: Below the folder that is served.
    name: str
    is_folder: bool

    @property
    def text(self) -> str:
        """The name, with a slash behind that of a folder."""
        return f"{self.name}/" if self.is_folder else self.name


class Folder:
    """A folder of a storage, as one caller may see it."""

    __slots__ = ("_context", "_root", "_rules", "storage")

    def __init__(
        self, rules: Rules, context: Context, storage: Storage, root: str
    ) -> None:
        self.storage = storage
        self._rules = rules
        self._context = context
        self._root = root

    def file(self, name: str) -> str | None:
        """Return the storage's name of a file, if it may be read."""
        return self._opened(name, False)

    def folder(self, name: str) -> str | None:
        """Return the storage's name of a folder, if it may be looked into."""
        return self._opened(name, True)

    def entries(
        self, name: str, *, after: str = "", start: str = ""
    ) -> Iterator[tuple[Entry, str | None]]:
        """Yield what is in a folder, in order, with the storage's name of what
        may be seen.

        Only what comes ``after`` a text, and begins as ``start`` does.
        Raises: NotImplementedError, where a storage cannot tell.
        """
        stored = self.folder(name)
        if stored is None:
            return
        try:
            folders, files = self.storage.listdir(stored)
        except MISSING:
            return
        # Some storages say "docs/" of a folder.
        found = {Entry(_joined(name, one.strip("/")), True) for one in folders}
        found |= {Entry(_joined(name, one), False) for one in files}
        begun = _joined(name, start) if start else ""
        for entry in sorted(found, key=lambda entry: entry.text):
            if entry.text > after and _begins(entry.name, begun):
                # The storage itself spelled it so.
                yield entry, self._opened(entry.name, entry.is_folder, spelled=True)

    # -- private -----------------------------------------------------------

    def _opened(
        self, name: str, is_folder: bool, *, spelled: bool = False
    ) -> str | None:
        if not self._allows(name, is_folder):
            return None
        leads_to = name if self._rules.links else self._followed(name)
        if leads_to is None or not (spelled or self._is_spelled(name)):
            return None
        if leads_to != name and not self._allows(leads_to, is_folder):
            return None
        return _joined(self._root, leads_to)

    def _allows(self, name: str, is_folder: bool) -> bool:
        """Do the rules allow a name?"""
        rules = self._rules
        if name and not is_safe(name, hidden=rules.hidden):
            return False
        fits = rules.patterns.lead_through if is_folder else rules.patterns.fit
        if name and not fits(name):
            return False
        if rules.has_permission is None:
            return True
        stored = _joined(self._root, name)
        asked = f"{stored}/" if is_folder and stored else stored
        try:
            answer = rules.has_permission(self._context, asked)
        except REFUSALS:
            return False
        # A coroutine counts as true, and has not been asked yet.
        return bool(answer) and not isawaitable(answer)

    def _followed(self, name: str) -> str | None:
        """Return the name, below the folder, of what a name leads to."""
        place, root = self._place(name), self._place("")
        if place is None or root is None:
            return name  # not on a disk: nothing leads elsewhere
        real, base = os.path.realpath(place), os.path.realpath(root)
        if real == base:
            return "" if not name else None
        start = os.path.join(base, "")
        if not real.startswith(start):
            return None
        return real[len(start) :].replace(os.sep, "/")

    def _is_spelled(self, name: str) -> bool:
        """Is a name written as the storage writes it?

        Where capitals do not count, or Unicode forms, a name has many
        spellings, and a rule about one knows nothing of the others.
        """
        other = name.swapcase()
        if other == name:
            composed = unicodedata.normalize("NFC", name)
            other = composed if composed != name else unicodedata.normalize("NFD", name)
        place, same = self._place(name), self._place(other)
        if other == name or place is None or same is None:
            return True
        try:
            if not os.path.samefile(place, same):
                return True
            steps = name.split("/")
            return all(
                step in {one for kind in self._listed(steps[:depth]) for one in kind}
                for depth, step in enumerate(steps)
            )
        except MISSING:
            return True

    def _listed(self, steps: list[str]) -> Any:
        return self.storage.listdir(_joined(self._root, *steps))

    def _place(self, name: str) -> str | None:
        """Return where a name is on the disk, for storages that are on one."""
        try:
            path: str = self.storage.path(_joined(self._root, name))
        except (NotImplementedError, *MISSING):
            return None
        return path


def _joined(*steps: str) -> str:
    return "/".join(step for step in steps if step)


def _begins(name: str, start: str) -> bool:
    return name.casefold().startswith(start.casefold())
