"""List places in a database of its own, and print what a client gets."""

import json
import os
from typing import Any

import django
from django.test.utils import get_runner

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.geometry.settings"
django.setup()

from django.conf import settings  # noqa: E402  (after Django is set up)
from django.contrib.gis.geos import Point  # noqa: E402

from django_mcp import MCPServer  # noqa: E402
from tests.geometry.models import Place  # noqa: E402
from tests.providers.models.asking import Open, call, refusal  # noqa: E402


def answers() -> dict[str, Any]:
    """Return rows, one row, the description of the field, and a refusal."""
    server = MCPServer("map")
    server.register(Place, Open, fields=["id", "name", "point"])
    place = Place._default_manager.create(name="Zürich", point=Point(8.5, 47.25))
    Place._default_manager.create(name="nowhere")
    return {
        "rows": call(server, "list_places", fields=["name", "point"])["rows"],
        "row": call(server, "get_place", id=place.pk)["point"],
        "schema": server.toolsets[Place].exposed.listing.columns["point"].kind.schema,
        "refusal": refusal(server, "list_places", {"filter": {"point": "x"}}),
    }


if __name__ == "__main__":
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        print(json.dumps(answers()))
    finally:
        runner.teardown_databases(databases)
