"""Django signals a project may connect to. A leaf: imports nothing of ours."""

from django.dispatch import Signal

#: Sent by a server when primitives were added or removed; ``kind`` is
#: ``"tools"``, ``"resources"`` or ``"prompts"``.
list_changed = Signal()
#: Sent by a server when a resource changed; ``uri`` says which.
resource_updated = Signal()
