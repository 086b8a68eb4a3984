"""The project without a login, as local clients start it over stdio.

What an authorization server takes to import is that app's cost and not ours.
"""

from benchmarks.project.settings import *  # noqa: F403
from benchmarks.project.settings import STARTPROJECT

INSTALLED_APPS = [*STARTPROJECT, "django_mcp", "benchmarks.project"]
