"""``manage.py mcp_prune_clients``: forget clients that nobody uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.module_loading import import_string


class Command(BaseCommand):
    """Forget clients that made themselves known and were not used."""

    help = (
        "Delete OAuth clients that made themselves known, by registering or by a"
        " URL, were not used for some time, and hold no token that is good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """See Django."""
        parser.add_argument(
            "--days",
            type=int,
            default=90,
            help="Days for which a client was not used. Default: 90.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Only say how many there are.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete them, or count them."""
        if options["days"] < 1:
            raise CommandError("--days must be 1 or more.")
        if not apps.is_installed("oauth2_provider"):
            raise CommandError("django-oauth-toolkit is not in INSTALLED_APPS.")
        before = timezone.now() - timedelta(days=options["days"])
        # By name, because a project without the extra has this command too.
        pruning = "django_mcp.oauth.pruning."
        if options["dry_run"]:
            found = import_string(f"{pruning}unused")(before).count()
            self.stdout.write(f"{found} clients would be deleted.")
        else:
            found = import_string(f"{pruning}prune")(before)
            self.stdout.write(f"{found} clients were deleted.")
