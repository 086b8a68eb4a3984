"""The bare view behind Django's ASGI handler, without the package."""

import os

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.project.empty"
application = get_asgi_application()
