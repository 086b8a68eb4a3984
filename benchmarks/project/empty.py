"""The same project without the package: what Django's own start costs."""

from benchmarks.project.settings import *  # noqa: F403
from benchmarks.project.settings import STARTPROJECT

INSTALLED_APPS = [*STARTPROJECT, "benchmarks.project"]
