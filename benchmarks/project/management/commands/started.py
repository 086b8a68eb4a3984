"""Say that Django is up: the start that every command of a project has."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Print one line and end."""

    help = "Print one line as soon as Django has started."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("{}")
        self.stdout.flush()
