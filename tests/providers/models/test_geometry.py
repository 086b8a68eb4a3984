"""Shapes go out as GeoJSON, where GeoDjango and PostGIS are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[3]


def has_postgis() -> bool:
    try:
        # GeoDjango loads GDAL and GEOS when it is imported.
        __import__("django.contrib.gis.gdal")
    except Exception:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")
        return cursor.fetchone() is not None


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_shape_goes_out_as_geojson() -> None:
    if not has_postgis():
        pytest.skip("needs GDAL, GEOS and PostGIS")
    done = subprocess.run(
        [sys.executable, "-m", "tests.geometry.ask"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.geometry.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    shape = {"type": "Point", "coordinates": [8.5, 47.25]}
    assert found["rows"] == [
        {"name": "Zürich", "point": shape},
        {"name": "nowhere", "point": None},
    ]
    assert found["row"] == shape
    assert found["schema"] == {"type": "object"}
    assert "filter" in found["refusal"]
