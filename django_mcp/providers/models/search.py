"""The argument ``search``: words that must all be found in the listed texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Literal

from django.db import connections
from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.module_loading import import_string
from pydantic_core import core_schema

from django_mcp.providers.models.access import Access, Rows
from django_mcp.providers.models.columns import Column, Listing, Problem
from django_mcp.providers.models.filters import once
from django_mcp.schema.incoming import text_core

#: ``words``: each word anywhere in one of the texts; ``fulltext``: by the
#: rules of a language, on PostgreSQL.
Mode = Literal["words", "fulltext"]

MAX_LENGTH = 200
MAX_WORDS = 10

core: core_schema.CoreSchema = text_core(MAX_LENGTH)


@dataclass
class Search:
    """The columns that are searched, and how."""

    mode: Mode = "words"
    #: The language of full-text search, as PostgreSQL names it.
    config: str = ""
    columns: list[Column] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.columns)

    def applied(self, rows: Rows, text: str, access: Access) -> Rows:
        """Return the rows in which the text is found."""
        if self.mode == "fulltext" and _is_postgres(rows):
            return self._fulltext(rows, text, access)
        condition = self.condition(text, access)
        return rows.filter(condition) if condition else rows

    def condition(self, text: str, access: Access) -> Q:
        """Return the condition that every word is found somewhere."""
        words = [self._word(word, access) for word in text.split()[:MAX_WORDS]]
        return reduce(and_, words, Q())

    def _word(self, word: str, access: Access) -> Q:
        found = []
        for column in self.columns:
            path = column.path
            one = Q((f"{path.question}__icontains", word)) & access.where(path)
            found.append(once(access.toolset.model, one) if path.many else one)
        return reduce(or_, found)

    def _fulltext(self, rows: Rows, text: str, access: Access) -> Rows:
        options = {"config": self.config} if self.config else {}
        # By name: importing them needs the driver of PostgreSQL.
        vector = import_string("django.contrib.postgres.search.SearchVector")
        query = import_string("django.contrib.postgres.search.SearchQuery")
        texts = [
            Coalesce(
                Cast(access.masked(column.path), TextField()),
                Value("", output_field=TextField()),
            )
            for column in self.columns
        ]
        wanted = query(text, search_type="websearch", **options)
        found = access.toolset.model._base_manager.annotate(
            _text=vector(*texts, **options)
        ).filter(_text=wanted)
        if any(column.path.many for column in self.columns):
            return rows.filter(pk__in=found.order_by().values("pk"))
        return rows.alias(_text=vector(*texts, **options)).filter(_text=wanted)


def search_from(
    listing: Listing, names: Sequence[str], mode: Mode, config: str, *, narrow: bool
) -> Search:
    """Resolve ``search_fields``. Of a narrowed listing, what is left of them."""
    search = Search(mode, config)
    if mode not in {"words", "fulltext"}:
        search.problems.append(
            Problem(
                "django_mcp.E012",
                f"search: {mode!r} is neither 'words' nor 'fulltext'.",
            )
        )
    for name in names:
        column = listing.column(name)
        if column is not None and "icontains" in column.kind.lookups:
            search.columns.append(column)
        elif column is not None or not narrow:
            reason = "is no text" if column else "is not among the listed fields"
            text = f"search_fields: {name!r} {reason}."
            search.problems.append(Problem("django_mcp.E012", text))
    return search


def _is_postgres(rows: Rows) -> bool:
    return connections[rows.db].vendor == "postgresql"
