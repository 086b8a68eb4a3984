"""Tables and verdicts, as text."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure that must not be passed."""

    what: str
    value: float
    limit: float
    #: The value must be at least, not at most, the limit.
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool:
        if self.at_least:
            return self.value >= self.limit
        return self.value <= self.limit

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        verdict = "PASS" if self.met else "MISS"
        return (
            f"{verdict}  {self.what}: {self.value:.2f} {self.unit}"
            f" (goal: {word} {self.limit:g} {self.unit})"
        )


@dataclass(slots=True, kw_only=True)
class Report:
    """What one benchmark found."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [self.title, "=" * len(self.title), ""]
        lines += _table([self.columns, *self.rows])
        if self.notes:
            lines += ["", *self.notes]
        if self.goals:
            lines += ["", *map(str, self.goals)]
        return "\n".join([*lines, ""])


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines
