"""``python -m tests.accounts``, with the settings beside this file."""

import django
from django.utils.module_loading import import_string

django.setup()
import_string("tests.accounts.compare.main")()
