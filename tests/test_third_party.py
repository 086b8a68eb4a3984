"""What others wrote, exposed by one line, says what HTTP says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from django_mcp import MCPServer
from tests.accounts.cases import CASES, WHO
from tests.processes import ROOT
from tests.testapp.ninja_models import Department


@pytest.mark.django_db
@pytest.mark.needs("ninja")
class TestNinja:
    """The API of django-ninja's own documentation."""

    @pytest.fixture(autouse=True)
    def server(self, settings: Any, tmp_path: Any) -> MCPServer:
        pytest.importorskip("ninja")
        from tests.testapp.ninja_employees import api

        settings.ROOT_URLCONF = "tests.testapp.ninja_urls"
        settings.MEDIA_ROOT = tmp_path
        server = MCPServer("test")
        server.ninja(api, operations=["GET", "POST", "PUT", "DELETE"])
        return server

    @pytest.fixture
    def department(self) -> Any:
        return Department._default_manager.create(title="Shipping")

    def test_everything_done_by_tools_is_seen_over_http(
        self, server: MCPServer, department: Any
    ) -> None:
        from tests.providers.ninja.calling import refusal_of, value_of

        person = {"first_name": "Ada", "last_name": "L", "department_id": department.pk}
        cv = {"name": "cv.txt", "data": b64encode(b"work").decode()}
        made = value_of(server, "create_employee", {"payload": person, "cv": cv})
        path = f"/api/employees/{made['id']}"
        over_http = Client().get(path).json()
        one = {"employee_id": made["id"]}
        assert value_of(server, "get_employee", one) == over_http
        assert over_http == {"id": made["id"], "birthdate": None, **person}
        changed = {**person, "birthdate": "1815-12-10"}
        done = value_of(server, "update_employee", {**one, **changed})
        assert done == {"success": True}
        assert Client().get(path).json()["birthdate"] == "1815-12-10"
        listed = value_of(server, "list_employees")
        assert (
            listed
            == Client().get("/api/employees").json()
            == [{"id": made["id"], **changed}]
        )
        assert value_of(server, "delete_employee", one) == {"success": True}
        assert Client().get(path).status_code == 404
        assert refusal_of(server, "get_employee", one) == "Not found."

    def test_what_http_makes_is_seen_by_tools(
        self, server: MCPServer, department: Any
    ) -> None:
        from tests.providers.ninja.calling import value_of

        person = {"first_name": "Ada", "last_name": "L", "department_id": department.pk}
        cv = SimpleUploadedFile("cv.txt", b"work")
        response = Client().post(
            "/api/employees", {"payload": json.dumps(person), "cv": cv}
        )
        one = {"employee_id": response.json()["id"]}
        assert value_of(server, "get_employee", one)["first_name"] == "Ada"

    def test_what_is_wrong_is_wrong_both_ways(self, server: MCPServer) -> None:
        from tests.providers.ninja.calling import refusal_of

        response = Client().put("/api/employees/1", "{}", content_type="text/json")
        wrong = [error["loc"][-1] for error in response.json()["detail"]]
        refused = refusal_of(server, "update_employee", {"employee_id": 1})
        assert refused.splitlines() == [f"{name}: field required" for name in wrong]


@pytest.fixture(scope="module")
def accounts() -> list[dict[str, Any]]:
    """What came of every case, on a site of its own."""
    pytest.importorskip("allauth")
    done = subprocess.run(
        [sys.executable, "-m", "tests.accounts"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.accounts.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.needs("html")
class TestAllauth:
    """The account views of django-allauth, each exposed by its name."""

    @pytest.mark.parametrize("who", WHO)
    @pytest.mark.parametrize(
        "number", range(len(CASES)), ids=[f"{n}-{c.name}" for n, c in enumerate(CASES)]
    )
    def test_the_tool_says_what_the_browser_shows(
        self, accounts: list[dict[str, Any]], number: int, who: str
    ) -> None:
        found = accounts[number * len(WHO) + WHO.index(who)]
        assert found["tool"] == found["browser"]

    def test_every_outcome_is_met(self, accounts: list[dict[str, Any]]) -> None:
        kinds = [one["browser"]["kind"] for one in accounts]
        assert set(kinds) == {"page", "done", "errors", "refused", "led elsewhere"}
        rows = {json.dumps(one["browser"]["rows"]) for one in accounts}
        assert len(rows) > 2  # signed up, and another address
        assert any(one["browser"]["mails"] for one in accounts)
