"""URI templates (RFC 6570) read backwards: which values does this URI carry?

Pure: no Django, no registry. A template is served only when every URI has at
most one reading, found in time linear in its length. Values come from
strangers and often become file names or keys, so a value that could leave the
place it names (a separator, ``..``, an absolute path, a control character)
makes the URI unknown, however it is encoded. Keys of a database go nowhere
and may hold separators; a template is told which of its variables are such.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, unquote

Value: TypeAlias = str | list[str]

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\*|:[1-9][0-9]{0,3})?")
_BROKEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
#: No URI means these, and half of them end a file name early or split a log.
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NOT_IN_NAME = re.compile("[/\\\\\x00-\x1f\x7f\ud800-\udfff]")
_NOT_IN_PATH = re.compile("[\\\\\x00-\x1f\x7f\ud800-\udfff]")
#: Steps that clients leave out of a URI before they send it.
_DOTS = frozenset({".", ".."})
_DRIVE = re.compile("[A-Za-z]:")
#: What ``{+path}`` leaves as it is: RFC 6570's reserved characters, less those
#: that would end the path.
_RESERVED = ":/[]@!$&'()*+,;="


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operator:
    """One kind of expression, such as ``{/x}``."""

    #: Written before the first variable, and before each further one.
    first: str = ""
    separator: str = ","
    #: Writes ``name=value``.
    named: bool = False
    #: A value may contain slashes.
    wide: bool = False
    #: What a value may not contain before it is decoded.
    excluded: str = "/?#"
    explode: bool = False


_OPERATORS = {
    "": _Operator(explode=True),
    "+": _Operator(wide=True, excluded="?#"),
    "#": _Operator(first="#", wide=True, excluded="?#"),
    ".": _Operator(first=".", separator=".", excluded="/?#."),
    "/": _Operator(first="/", separator="/", explode=True),
    ";": _Operator(first=";", separator=";", named=True, excluded="/?#;"),
}


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    #: What the value may not contain before it is decoded.
    excluded: re.Pattern[str]
    wide: bool = False
    #: What stands between the values of an exploded variable.
    splitter: str = ""
    #: The greatest length of the value, or nothing for any.
    limit: int = 0
    #: It becomes no part of a file's name.
    key: bool = False

    def value(self, raw: str) -> Value | None:
        """Decode and judge what the URI has here; ``None``: no such thing."""
        if self.excluded.search(raw):
            return None
        if self.splitter:
            return self._values(raw)
        value = _decoded(raw)
        if not value or 0 < self.limit < len(value):
            return None
        return value if self._judge(value) else None

    def _judge(self, value: str) -> bool:
        if self.key:
            return not _CONTROL.search(value) and value not in _DOTS
        return _is_path(value) if self.wide else _is_name(value)

    def _values(self, raw: str) -> list[str] | None:
        values = []
        for part in raw.split(self.splitter):
            value = _decoded(part)
            if not value or not _is_name(value):
                return None
            values.append(value)
        return None if self.wide and not _is_path("/".join(values)) else values

    def text(self, value: Value) -> str:
        """Encode a value for the URI."""
        if self.splitter:
            return self.splitter.join(quote(part, safe="") for part in value)
        return quote(str(value), safe=_RESERVED if self.wide else "")


class UriTemplate:
    """One template, compiled. ``keys`` are variables that name no file.

    Raises: ValueError, for a template that is malformed or has two readings.
    """

    __slots__ = (
        "_keys",
        "_literals",
        "_marker",
        "_path",
        "_pivot",
        "_query",
        "template",
        "variables",
    )

    def __init__(self, template: str, *, keys: Collection[str] = ()) -> None:
        self.template = template
        self._keys = frozenset(keys)
        self._literals = [""]
        self._path: list[_Variable] = []
        #: Query variables by name, and whether each is a list.
        self._query: dict[str, bool] = {}
        #: ``?`` or ``&``: what the query expression begins with.
        self._marker = ""
        self._parse()
        wide = [index for index, variable in enumerate(self._path) if variable.wide]
        if len(wide) > 1:
            raise self._refusal("two variables may both contain slashes")
        if wide and self._marker == "&":
            raise self._refusal("a path cannot be told from the “&” after it")
        self._pivot = wide[0] if wide else 0
        names = [variable.name for variable in self._path] + list(self._query)
        if len(set(names)) < len(names):
            raise self._refusal("a variable occurs twice")
        self.variables: tuple[str, ...] = tuple(names)

    def __repr__(self) -> str:
        return f"UriTemplate({self.template!r})"

    @property
    def is_static(self) -> bool:
        """Has no variables: the template is a URI."""
        return not self.variables

    def match(self, uri: str) -> dict[str, Value] | None:
        """Return the values in a URI, decoded, or ``None`` when it does not fit.

        Where a value could end in several places, a variable takes as much as
        it can (``{name}-{number}`` reads ``a-b-1`` as ``a-b`` and ``1``), or as
        little, if one that may contain slashes comes later.
        """
        query = ""
        if self._marker:
            uri, query = self._split(uri)
        raw = self._cut(uri)
        if raw is None:
            return None
        values: dict[str, Value] = {}
        for variable, text in zip(self._path, raw, strict=True):
            value = variable.value(text)
            if value is None:
                return None
            values[variable.name] = value
        if query and not self._read_query(query, values):
            return None
        return values

    def expand(self, values: Mapping[str, object]) -> str:
        """Return the URI with these values; query variables may be left out.

        Raises: ValueError, for values that `match` would not give back.
        """
        given = {name: _plain(value) for name, value in values.items()}
        missing = {variable.name for variable in self._path} - given.keys()
        if missing:
            raise ValueError(f"{self.template} needs {', '.join(sorted(missing))}.")
        uri = self._literals[0]
        for variable, literal in zip(self._path, self._literals[1:], strict=True):
            uri += variable.text(given[variable.name]) + literal
        uri += self._written_query(given)
        if self.match(uri) != given:
            raise ValueError(f"{self.template} cannot carry {given!r}.")
        return uri

    # -- compiling ---------------------------------------------------------

    def _refusal(self, reason: str) -> ValueError:
        return ValueError(f"The URI template {self.template!r}: {reason}.")

    def _parse(self) -> None:
        end = 0
        for expression in _EXPRESSION.finditer(self.template):
            self._add_literal(self.template[end : expression.start()])
            self._add_expression(expression[1])
            end = expression.end()
        self._add_literal(self.template[end:])

    def _add_literal(self, text: str) -> None:
        if "{" in text or "}" in text:
            raise self._refusal("the braces do not match")
        if text and self._marker:
            raise self._refusal("nothing may follow the query variables")
        self._literals[-1] += text

    def _add_expression(self, text: str) -> None:
        operator, names = (
            ("", text) if text[:1].isidentifier() else (text[:1], text[1:])
        )
        if operator in {"?", "&"}:
            self._add_query(operator, names)
            return
        if operator not in _OPERATORS:
            raise self._refusal(f"{{{text}}} is not an expression")
        kind = _OPERATORS[operator]
        parsed = self._names(names)
        for index, (name, modifier) in enumerate(parsed):
            literal = kind.separator if index else kind.first
            self._add_literal(literal + (f"{name}=" if kind.named else ""))
            self._add_variable(kind, name, modifier, several=len(parsed) > 1)

    def _add_variable(
        self, kind: _Operator, name: str, modifier: str, *, several: bool
    ) -> None:
        if self._marker:
            raise self._refusal("nothing may follow the query variables")
        if self._path and not self._literals[-1]:
            raise self._refusal(f"nothing separates {{{name}}} from what precedes it")
        explode = modifier == "*"
        if explode and (several or not kind.explode):
            raise self._refusal(f"{{{name}*}} cannot be told from what is around it")
        splitter = kind.separator if explode else ""
        comma = "," if several and kind.separator == "," else ""
        excluded = (kind.excluded + comma).replace(splitter or "\0", "")
        self._path.append(
            _Variable(
                name,
                re.compile(f"[{excluded}]"),
                wide=kind.wide or splitter == "/",
                splitter=splitter,
                limit=int(modifier[1:]) if modifier.startswith(":") else 0,
                key=name in self._keys,
            )
        )
        self._literals.append("")

    def _add_query(self, marker: str, names: str) -> None:
        begun = self._marker or "?" in "".join(self._literals)
        expected = "&" if begun else "?"
        if marker != expected:
            raise self._refusal(f"its query must go on with {{{expected}{names}}}")
        # {?x}{&y} says no more than {?x,y}.
        self._marker = self._marker or marker
        for name, modifier in self._names(names):
            if modifier.startswith(":"):
                raise self._refusal("a query variable cannot have a length")
            if name in self._query:
                raise self._refusal("a variable occurs twice")
            self._query[name] = modifier == "*"

    def _names(self, text: str) -> list[tuple[str, str]]:
        found = [_VARIABLE.fullmatch(name) for name in text.split(",")]
        if None in found:
            raise self._refusal(f"{text!r} is not a list of variables")
        return [(name[1], name[2] or "") for name in found if name]

    # -- matching ----------------------------------------------------------

    def _split(self, uri: str) -> tuple[str, str]:
        """Part the query expression's text from what comes before it."""
        start = -1
        # Literals before “&” hold as many of their own, and values hold none.
        for _ in range("".join(self._literals).count(self._marker) + 1):
            start = uri.find(self._marker, start + 1)
            if start < 0:
                return uri, ""
        # A marker with nothing behind it is kept, and so refused.
        return (uri[:start], uri[start + 1 :]) if uri[start + 1 :] else (uri, "")

    def _cut(self, uri: str) -> list[str] | None:
        """Return the raw text of each path variable."""
        first, last = self._literals[0], self._literals[-1]
        if not self._path:
            return [] if uri == first else None
        low, high = len(first), len(uri) - len(last)
        if low >= high or not uri.startswith(first) or not uri.endswith(last):
            return None
        if len(self._path) == 1:
            return [uri[low:high]]
        return self._cut_apart(uri, low, high)

    def _cut_apart(self, uri: str, low: int, high: int) -> list[str] | None:
        """Find the literals between variables.

        Those before the variable that may contain slashes are sought from the
        left, those after it from the right, so no text is looked at twice.
        """
        left, right = [], []
        for literal in self._literals[1 : self._pivot + 1]:
            position = uri.find(literal, low + 1, high)
            if position < 0:
                return None
            left.append(uri[low:position])
            low = position + len(literal)
        for literal in self._literals[-2 : self._pivot : -1]:
            position = uri.rfind(literal, low, high - 1)
            if position < 0:
                return None
            right.append(uri[position + len(literal) : high])
            high = position
        right.append(uri[low:high])
        return left + right[::-1]

    def _read_query(self, query: str, values: dict[str, Value]) -> bool:
        """Add the query's values, in whatever order; say whether all is known."""
        if "#" in query:
            return False
        for pair in query.split("&"):
            name, equals, raw = pair.partition("=")
            # People who write queries by hand mean a space.
            value = _decoded(raw.replace("+", " "))
            if not equals or name not in self._query:
                return False
            if value is None or _CONTROL.search(value):
                return False
            if self._query[name]:
                values.setdefault(name, []).append(value)  # type: ignore[union-attr]
            elif name in values:
                return False
            else:
                values[name] = value
        return True

    def _written_query(self, values: Mapping[str, Value]) -> str:
        pairs: list[str] = []
        for name in self._query:
            given = values.get(name, [])
            for value in [given] if isinstance(given, str) else given:
                pairs.append(f"{name}={quote(value, safe='')}")
        return self._marker + "&".join(pairs) if pairs else ""


def _plain(value: object) -> Value:
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    return str(value)


def _decoded(raw: str) -> str | None:
    """Undo percent-encoding, once; ``None`` when it is broken."""
    if "%" in raw:
        if _BROKEN_PERCENT.search(raw):
            return None
        try:
            raw = unquote(raw, errors="strict")
        except UnicodeDecodeError:
            return None
    return raw


def _is_name(value: str) -> bool:
    """May this be one step of a path: a file's name, a key?"""
    return not _NOT_IN_NAME.search(value) and value not in _DOTS


def _is_path(value: str) -> bool:
    """May this be joined to a folder without leaving it?"""
    if _NOT_IN_PATH.search(value) or _DRIVE.match(value):
        return False
    return not {"", ".", ".."} & set(value.split("/"))
