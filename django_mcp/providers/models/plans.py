"""A plan for reading rows: what to select, and what to make of each tuple.

Made once for a choice of members. It says which columns tell of a related
row that may be hidden, and which relations lead to several rows; ``rows.py``
does the asking. Nothing here queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from django.apps import apps
from django.db.models.constants import LOOKUP_SEP
from pydantic_core import to_json

from django_mcp.providers.fields.values import Kind, Render, bound
from django_mcp.providers.models.columns import Branch, Column, Listing, Member
from django_mcp.providers.models.paths import ModelClass, Path, Step

Row: TypeAlias = Sequence[Any]
#: Related rows by relation, and there by the key of the row they belong to.
Found: TypeAlias = list[dict[Any, list[Any]]]
Read: TypeAlias = Callable[[Row, Found], Any]


class Files(NamedTuple):
    """Which files of a model's rows have a URI, and which."""

    #: The column with the key that the URI names.
    key: str
    names: frozenset[str]
    #: ``uri(key, name)``: the URI, if there can be one.
    uri: Callable[[Any, str], str | None]


#: What is known of a model's files, if they can be read.
FilesOf: TypeAlias = Callable[[ModelClass], Files | None]


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of a long text is shown, and what is said about the rest."""

    length: int
    start: int = 0
    hint: str = ""

    def text(self, value: Any) -> Any:
        """Return a text, or the part of it that is shown."""
        if value is None or (len(value) <= self.length and not self.start):
            return value
        end = self.start + self.length
        if end >= len(value):
            return value[self.start :]
        hint = self.hint.format(end=end)
        return f"{value[self.start : end]}… [{end} of {len(value)} characters{hint}]"

    def data(self, value: Any) -> Any:
        """Return JSON, or the part of its text that is shown."""
        if value is None or isinstance(value, bool | int | float):
            return value
        text = to_json(value, fallback=str).decode()
        if len(text) <= self.length and not self.start:
            return value
        return self.text(text)


@dataclass(frozen=True, slots=True)
class Gate:
    """A related row that may be hidden, and the columns that tell of it."""

    step: Step
    key: int
    columns: list[int] = field(default_factory=list)


class Child(NamedTuple):
    """Several related rows of each row."""

    label: str
    #: The model they hang on, the column with its key, and the relation.
    model: ModelClass
    key: int
    step: Step
    plan: Plan
    #: Only the key of each, not an object.
    bare: bool


@dataclass(eq=False)
class Plan:
    """What to read for some members of a listing, and what to make of it."""

    listing: Listing
    cut: Cut
    #: The most related rows shown of each relation.
    max_related: int
    files_of: FilesOf = lambda model: None
    names: list[str] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    cells: list[tuple[str, Read]] = field(default_factory=list)
    table: list[tuple[str, Read]] = field(default_factory=list)
    #: For each ``GenericForeignKey``, where its model and its key are.
    generics: list[tuple[int, int]] = field(default_factory=list)
    #: Labels, and what is changed on the way out, if a row is all columns.
    simple: tuple[tuple[str, ...], list[tuple[str, Render]]] | None = None
    #: Where the row's own key is.
    key: int = 0

    def column(self, name: str) -> int:
        """Return the place of a column in each row, selecting it if need be."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    # -- making it ---------------------------------------------------------

    def made(self, members: Iterable[Member]) -> Plan:
        """Return the plan for these members."""
        members = list(members)
        plain = [m for m in members if isinstance(m, Column) and _is_plain(m)]
        # First of all, so that a row begins with its values.
        places = [self.column(member.path.lookup) for member in plain]
        self.cells = [(m.label, self._cell(m, (), "")) for m in members]
        if len(plain) == len(members) and places == list(range(len(plain))):
            labels = tuple(member.label for member in plain)
            renders = [(member.label, self._render(member)) for member in plain]
            self.simple = labels, [(label, r) for label, r in renders if r]
        self.key = self.column(self.listing.model._meta.pk.attname)
        return self

    def _cell(self, member: Member, before: tuple[Any, ...], prefix: str) -> Read:
        """Return how a member's value is read; remember it for the table too."""
        label = f"{prefix}{member.label}"
        fields = before + member.path.fields
        path = Path(self.listing.model, fields)
        if isinstance(member, Branch) and not member.path.many:
            return self._branch(member, path, label)
        read = self._several(member, path) if path.many else self._value(member, path)
        self.table.append((label, read))
        return read

    def _branch(self, branch: Branch, path: Path, label: str) -> Read:
        key = self.column(path.steps[-1].key)
        self._gated(path, key)
        cells = [
            (inner.label, self._cell(inner, path.fields, f"{label}."))
            for inner in branch.listing.members.values()
        ]

        def read(row: Row, found: Found) -> Any:
            if row[key] is None:
                return None
            return {label: cell(row, found) for label, cell in cells}

        return read

    def _value(self, member: Member, path: Path) -> Read:
        assert isinstance(member, Column)  # noqa: S101  (branches have their own)
        if member.generic:
            return self._generic(path)
        place = self.column(path.lookup)
        self._gated(path, place)
        files = self.files_of(path.model) if member.kind.file else None
        if files is not None and path.name in files.names:
            return self._file(path, place, files)
        render = self._render(member)
        if render is None:
            return lambda row, found: row[place]
        return lambda row, found: render(row[place])

    def _file(self, path: Path, place: int, files: Files) -> Read:
        """Read what a file is called, and where its contents are."""
        key, name, uri = self.column(files.key), path.name, files.uri

        def read(row: Row, found: Found) -> Any:
            if not row[place]:
                return None
            address = uri(row[key], name)
            shown = {"name": row[place]}
            return {**shown, "uri": address} if address else shown

        return read

    def _generic(self, path: Path) -> Read:
        """Read which row a ``GenericForeignKey`` leads to, if it is visible."""
        owner, last = path.fields[:-1], path.field
        prefix = "".join(f"{field.name}{LOOKUP_SEP}" for field in owner)
        kind = self.column(f"{prefix}{last.ct_field}_id")
        key = self.column(f"{prefix}{last.fk_field}")
        for place in (kind, key):
            self._gated(Path(path.model, owner), place)
        self.generics.append((kind, key))
        return lambda row, found: target(row[kind], row[key])

    def _several(self, member: Member, path: Path) -> Read:
        step = path.steps[-1]
        before = path.steps[:-1]
        key = self.column(before[-1].key if before else path.model._meta.pk.attname)
        self._gated(Path(path.model, path.fields[:-1]), key)
        bare = isinstance(member, Column)
        listing = Listing(step.model) if bare else member.listing  # type: ignore[union-attr]
        members = () if bare else listing.members.values()
        plan = Plan(listing, self.cut, self.max_related, self.files_of).made(members)
        owner = before[-1].model if before else path.model
        local = step._replace(name=step.field.name)
        number = len(self.children)
        self.children.append(Child(member.label, owner, key, local, plan, bare))
        return lambda row, found: found[number].get(row[key], [])

    def _gated(self, path: Path, place: int) -> None:
        """Remember that a column says something about the rows on a path."""
        for step in path.steps:
            if step.many:
                continue
            gate = next((g for g in self.gates if g.step.name == step.name), None)
            if gate is None:
                gate = Gate(step, self.column(step.key))
                self.gates.append(gate)
            gate.columns.extend(p for p in (gate.key, place) if p not in gate.columns)

    def _render(self, member: Member) -> Render | None:
        if not isinstance(member, Column):
            return None
        kind: Kind = member.kind
        if not kind.long:
            return kind.render
        if kind.schema.get("type") == "string":
            return self.cut.text
        render, cut = kind.render, self.cut.data
        return cut if render is None else lambda value: cut(render(value))

    # -- using it ----------------------------------------------------------

    def objects(self, rows: Sequence[Row], found: Found) -> list[Any]:
        """Return each row as an object."""
        if self.simple is not None:
            return self._simple_objects(rows)
        cells = self.cells
        return [{label: read(row, found) for label, read in cells} for row in rows]

    def lines(self, rows: Sequence[Row], found: Found) -> list[Any]:
        """Return each row as a list of values, in the order of `labels`."""
        reads = [read for _, read in self.table]
        return [[read(row, found) for read in reads] for row in rows]

    @property
    def labels(self) -> list[str]:
        """The columns of the compact form."""
        return [label for label, _ in self.table]

    def _simple_objects(self, rows: Sequence[Row]) -> list[Any]:
        assert self.simple is not None  # noqa: S101  (asked by the caller)
        labels, renders = self.simple
        made = [dict(zip(labels, row, strict=False)) for row in rows]
        for label, render in renders:
            render_one = bound(render)
            for one in made:
                one[label] = render_one(one[label])
        return made


def _is_plain(column: Column) -> bool:
    """Is it one column of a row, and nothing else?"""
    return not (column.path.many or column.generic or column.kind.file)


def target(kind: Any, key: Any) -> Any:
    """Return which row a ``GenericForeignKey`` leads to."""
    if kind is None or key is None:
        return None
    model = model_of(kind)
    return model and {"model": model._meta.label_lower, "id": key}


def model_of(kind: Any) -> ModelClass | None:
    """Return the model that the key of a content type stands for."""
    # Content types are cached by their manager.
    found: Any = apps.get_model("contenttypes", "ContentType")
    return found.objects.get_for_id(kind).model_class()
