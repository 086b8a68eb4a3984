"""What tools are called: readable, and accepted by every client."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.text import slugify
from django.utils.translation import override

if TYPE_CHECKING:
    from django_mcp.providers.models.toolset import ModelToolset

#: What the strictest clients take.
MAX_LENGTH = 64


class Names(NamedTuple):
    """What a toolset's tools are named after."""

    prefix: str
    one: str
    several: str

    def tool(self, verb: str, *, many: bool = False) -> str:
        """Return ``list_products`` or ``get_product``, behind the prefix."""
        noun = self.several if many else self.one
        begin = f"{self.prefix}_{verb}_" if self.prefix else f"{verb}_"
        return f"{begin}{noun}"[:MAX_LENGTH].rstrip("_")


def names_from(toolset: ModelToolset) -> Names:
    """Return the names of a toolset: its own, or those of its model."""
    options = toolset.model._meta
    # Names must not depend on who happens to import this, so: untranslated.
    with override(None):
        one = toolset.name or str(options.verbose_name)
        several = toolset.plural_name or str(options.verbose_name_plural)
    return Names(
        word(toolset.prefix),
        word(one) or options.model_name,
        word(several) or f"{options.model_name}s",
    )


def word(text: str) -> str:
    """Return a text as a part of a name."""
    return slugify(text).replace("-", "_").strip("_")
