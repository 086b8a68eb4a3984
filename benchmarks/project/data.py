"""Fills the database of the measured project, once."""

from django.contrib.auth import get_user_model
from django.core.management import call_command

from benchmarks.functions import ROWS, SHELVES
from benchmarks.project.models import Product


def fill() -> None:
    """Make the tables and their rows, unless they are there."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    if Product._default_manager.count() == ROWS:
        return
    Product._default_manager.all().delete()
    Product._default_manager.bulk_create(
        (
            Product(title=f"Book {n}", shelf=n % SHELVES, stock=n % 7)
            for n in range(ROWS)
        ),
        batch_size=10_000,
    )
    if not get_user_model().objects.exists():
        get_user_model().objects.create_user("alice")
