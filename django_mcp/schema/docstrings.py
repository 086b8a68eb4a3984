"""Read what a docstring says about a function and about its parameters.

Pure text. Knows the Google, NumPy and Sphinx styles, also mixed; takes time
linear in the text, and never raises: what it does not understand is prose.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field

#: Section titles, in lower case, that describe parameters, and those that
#: describe something a caller over the wire has no use for.
_PARAMETERS = frozenset({
    "args", "arguments", "keyword args", "keyword arguments", "other parameters",
    "parameters", "params",
})  # fmt: skip
_OTHERS = frozenset({
    "attributes", "example", "examples", "methods", "raises", "receives",
    "references", "return", "returns", "see also", "todo", "warns", "yield",
    "yields",
})  # fmt: skip
_SPHINX_PARAMETERS = frozenset({
    "arg", "argument", "key", "keyword", "kwarg", "param", "parameter",
})  # fmt: skip
_SPHINX_OTHERS = frozenset({
    "except", "exception", "meta", "raise", "raises", "return", "returns", "rtype",
    "type", "vartype", "yield", "yields", "ytype",
})  # fmt: skip

_SPHINX = re.compile(r":([a-z]+)(?: ([^:]{1,200}))?:(?:\s|$)")
_NAMES = re.compile(r"\*{0,2}[^\W\d]\w*(?:, ?\*{0,2}[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart."""

    summary_and_body: str = ""
    arguments: dict[str, str] = field(default_factory=dict)


def parse(docstring: str | None) -> Docstring:
    """Take a docstring apart."""
    if not docstring:
        return Docstring()
    reader = _Reader(inspect.cleandoc(docstring).splitlines())
    return reader.read()


class _Reader:
    """One pass over the lines; every method consumes what it recognises."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.prose: list[str] = []
        self.arguments: dict[str, list[str]] = {}

    def read(self) -> Docstring:
        while self.at < len(self.lines):
            if not (self._sphinx_field() or self._numpy() or self._google()):
                self.prose.append(self.lines[self.at].rstrip())
                self.at += 1
        arguments = {name: _joined(lines) for name, lines in self.arguments.items()}
        return Docstring(
            re.sub(r"\n{3,}", "\n\n", "\n".join(self.prose)).strip(),
            {name: text for name, text in arguments.items() if text},
        )

    # -- Sphinx: ":param int limit: At most so many." ------------------------

    def _sphinx_field(self) -> bool:
        line = self.lines[self.at]
        match = _SPHINX.match(line)
        if match is None or match[1] not in _SPHINX_PARAMETERS | _SPHINX_OTHERS:
            return False
        text = [line[match.end() :], *self._indented(0, blank=False)]
        words = (match[2] or "").split()
        if match[1] in _SPHINX_PARAMETERS and words:
            self._keep(words[-1], text)
        return True

    # -- NumPy: a title, underlined with dashes -------------------------------

    def _numpy(self) -> bool:
        title = self.lines[self.at].strip().lower()
        if title not in _PARAMETERS | _OTHERS or not self._is_underlined(self.at):
            return False
        self.at += 2
        section: list[str] = []
        while self.at < len(self.lines) and not self._is_underlined(self.at):
            section.append(self.lines[self.at])
            self.at += 1
        if title in _PARAMETERS:
            self._entries(section, _numpy_entry)
        return True

    def _is_underlined(self, at: int) -> bool:
        if at + 1 >= len(self.lines) or not self.lines[at].strip():
            return False
        line = self.lines[at + 1].strip()
        return len(line) > 2 and not line.strip("-")

    # -- Google: "Args:", its entries indented ---------------------------------

    def _google(self) -> bool:
        line = self.lines[self.at]
        title = line.strip().lower()
        if not title.endswith(":") or title[:-1] not in _PARAMETERS | _OTHERS:
            return False
        section = self._indented(_indent(line), blank=True)
        if title[:-1] in _PARAMETERS:
            self._entries(section, _google_entry)
        return True

    # -- shared ----------------------------------------------------------------

    def _indented(self, indent: int, *, blank: bool) -> list[str]:
        """Consume this line and the deeper ones below; return the latter."""
        start = self.at = self.at + 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not (_indent(line) > indent if line.strip() else blank):
                break
            self.at += 1
        return self.lines[start : self.at]

    def _entries(
        self, section: list[str], entry: Callable[[str], tuple[str, str] | None]
    ) -> None:
        """Keep the entries of a section; deeper lines continue an entry."""
        indents = [_indent(line) for line in section if line.strip()]
        names, text = "", list[str]()
        for line in section:
            new = None
            if line.strip() and _indent(line) <= indents[0]:
                new = entry(line.strip())
            if new is None:
                text.append(line)
            else:
                self._keep(names, text)
                names, text = new[0], [new[1]]
        self._keep(names, text)

    def _keep(self, names: str, text: list[str]) -> None:
        for name in names.split(","):
            self.arguments.setdefault(name.strip().lstrip("*"), text)
        self.arguments.pop("", None)


def _google_entry(line: str) -> tuple[str, str] | None:
    """Split ``name (type): text``; the type may hold brackets and colons."""
    match = _NAMES.match(line)
    if match is None:
        return None
    rest = line[match.end() :].lstrip()
    if rest.startswith("("):
        rest = rest[_closing(rest) :].lstrip()
    return (match[0], rest[1:]) if rest.startswith(":") else None


def _numpy_entry(line: str) -> tuple[str, str] | None:
    """Split ``name : type``; the text follows on deeper lines."""
    match = _NAMES.match(line)
    if match is None:
        return None
    rest = line[match.end() :].lstrip()
    return (match[0], "") if not rest or rest.startswith(":") else None


def _closing(text: str) -> int:
    """Return the position after the bracket that closes the first one."""
    depth = 0
    for position, character in enumerate(text, 1):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return position
    return len(text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
