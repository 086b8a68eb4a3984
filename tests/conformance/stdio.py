"""Serve the conformance project to one client on stdin and stdout.

Start it as ``python -m tests.conformance.stdio``: a client may start it with
an empty environment, so nothing is expected there. Nothing here may print.
"""

import os

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that a client starts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.conformance.settings")
    execute_from_command_line(["manage.py", "mcp_stdio"])


if __name__ == "__main__":
    main()
