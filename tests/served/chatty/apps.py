"""Prints before any command could keep it from stdout."""

from django.apps import AppConfig


class ChattyConfig(AppConfig):
    """Not a good example."""

    name = "tests.served.chatty"

    def ready(self) -> None:
        """Print, as some apps do."""
        print("I am an app and I am ready.")
