"""What a project declares, and what is made into primitives when it is needed.

A view's arguments stand in the URLconf and a prompt's in its template; neither
can be read while apps are still being imported. So such a declaration waits,
with the place where it was written, until the server is first served or the
system checks look. Nothing here knows what is declared.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

from django_mcp.exceptions import AlreadyRegistered
from django_mcp.primitives import Primitive

_PACKAGE = str(Path(__file__).parent)


class Declaration(NamedTuple):
    """Something to be made into primitives."""

    #: ``build()``: the primitives. Raises: ImproperlyConfigured
    build: Callable[[], Iterable[Primitive]]
    #: Where it was written: ``shop/mcp.py:12``.
    source: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something declared that cannot be served, or not as it was meant."""

    text: str
    source: str
    #: Whether nothing is served of it.
    is_error: bool = True
    id: str = "django_mcp.E015"


class Declarations:
    """The declarations of one server, those that wait and those that failed."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._waiting: list[Declaration] = []
        # Building may import a module that declares something more.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, declaration: Declaration) -> None:
        """Let a declaration wait."""
        self._waiting.append(declaration)

    def warn(self, text: str, source: str, *, id: str) -> None:
        """Note what is served, and perhaps not as it was meant."""
        self.mistakes.append(Mistake(text, source, is_error=False, id=id))

    def settle(self, add: Callable[[Primitive], None]) -> list[Mistake]:
        """Make primitives of all that waits, and ``add`` them.

        What cannot be made is a mistake, and keeps nothing else from being
        served. What fails otherwise waits on: a database may not be up yet.
        Returns the new errors, also those that ``build`` noted itself.
        """
        with self._lock:
            known = len(self.mistakes)
            while self._waiting:
                declaration = self._waiting.pop(0)
                with ExitStack() as undo:
                    undo.callback(self._waiting.insert, 0, declaration)
                    try:
                        for primitive in list(declaration.build()):
                            add(primitive)
                    except (ImproperlyConfigured, AlreadyRegistered) as error:
                        self.mistakes.append(Mistake(str(error), declaration.source))
                    undo.pop_all()
            return [one for one in self.mistakes[known:] if one.is_error]


def written_at() -> str:
    """Return the file and line, outside this package, that runs right now."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
