"""The URIs of a model: its description, its rows, and the files of those.

Pure over ``_meta``: what may be read at a URI is said in ``resources.py``.
"""

from __future__ import annotations

from typing import Any

from django_mcp.providers.models.paths import ModelClass
from django_mcp.schema.uritemplate import UriTemplate

#: What ends the URI of a file: which of the row's it is.
FIELD = "field"


class Addresses:
    """Where the resources of one model are.

    ``variable`` is what templates call the key. A key may hold slashes and
    whatever else; one that no URI can carry has no address.
    """

    __slots__ = ("file", "model", "row", "variable")

    def __init__(self, model: ModelClass, variable: str) -> None:
        options = model._meta
        if not (variable.isascii() and variable.isidentifier()):
            variable = "pk"  # a mistake, which a check reports
        #: The description of the model.
        self.model = f"model://{options.app_label}/{options.model_name}"
        self.variable = variable
        row = f"{self.model}/{{{variable}}}"
        self.row = UriTemplate(row, keys=[variable])
        # A key may be called as the last step is.
        end = FIELD if variable != FIELD else f"{FIELD}_name"
        self.file = UriTemplate(f"{row}/{{{end}}}", keys=[variable])

    @property
    def field(self) -> str:
        """What the template of files calls the field."""
        return self.file.variables[-1]

    def of_file(self, key: Any, field: str) -> str | None:
        """Return the URI of one row's file, if a URI can carry its key."""
        try:
            return self.file.expand({self.variable: key, self.field: field})
        except ValueError:
            return None
