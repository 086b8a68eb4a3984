"""The conformance project with the server behind Django, as an ordinary view."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.conformance.settings")
application = get_asgi_application()
