"""Fixtures and rules for every test.

A test marked ``needs("jsonschema")`` needs what that extra installs, and is
skipped in the run without extras.

A test marked ``postgres`` or ``redis`` needs that service. A service that
was named in the environment must answer: then the test runs, and fails
without it. On a machine where nobody named one, the test is skipped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from channels.layers import channel_layers
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from django_mcp.server import all_servers, mcp

#: Marker to the variable that names its service, and how to set it.
SERVICES = {
    "postgres": ("DJANGO_MCP_TEST_DATABASE", "postgres"),
    "redis": ("DJANGO_MCP_TEST_REDIS", "redis://127.0.0.1:6379/0"),
}
#: Extra to the module that shows it is installed.
EXTRAS = {
    "daphne": "daphne",
    "drf": "rest_framework",
    "filter": "django_filters",
    "html": "markdownify",
    "jsonschema": "jsonschema_rs",
    "jwt": "jwt",
    "ninja": "ninja",
    "oauth": "oauth2_provider",
    "redis": "channels_redis",
}
#: Folders whose tests run in the event loop, where nothing may block it.
NEVER_BLOCKING = {"methods", "transports"}

# Speed is measured by the benchmarks, not on a machine that does other things.
hypothesis_settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs an extra that is missing, or a service nobody named."""
    for item in items:
        for needed in item.iter_markers("needs"):
            if find_spec(EXTRAS[needed.args[0]]) is None:
                reason = f"needs the extra {needed.args[0]!r}"
                item.add_marker(pytest.mark.skip(reason=reason))
    for marker, (variable, example) in SERVICES.items():
        if os.environ.get(variable):
            continue
        reason = f"needs a service: set {variable}={example} to run it"
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _the_checks_see_no_server_of_another_test() -> Iterator[None]:
    known = list(all_servers)
    all_servers.clear()
    all_servers.add(mcp)
    yield
    all_servers.update(known)


@pytest.fixture(autouse=True)
def _each_test_has_its_channel_layer() -> None:
    """A layer belongs to one event loop, and each test has its own."""
    channel_layers.backends.clear()


@pytest.fixture(autouse=True)
def _no_thread_keeps_its_connection() -> Iterator[None]:
    """Close what other threads opened: they outlive the test, or just vanish.

    Django's ``close()`` leaves a database in memory open, hence the driver's.
    """
    opened: list[BaseDatabaseWrapper] = []

    def remember(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            opened.append(connection)

    connection_created.connect(remember)
    yield
    connection_created.disconnect(remember)
    for wrapper in opened:
        if wrapper.connection is not None:
            wrapper.connection.close()
            wrapper.connection = None


@pytest.fixture(autouse=True)
def _nothing_blocks_the_event_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    folder = Path(request.node.path).parent.name
    if folder not in NEVER_BLOCKING:
        yield
        return
    with blockbuster_ctx("django_mcp") as guard:
        for function in guard.functions.values():
            # redis reads its own version from the disk when it connects.
            function.can_block_in("redis/utils.py", "get_lib_version")
            # coverage waits for another thread that meets a new file as well.
            function.can_block_in("coverage/collector.py", "lock_data")
        yield


@pytest.fixture
def redis_cache(settings: Any) -> Iterator[Any]:
    """Cache in Redis, in connections that are counted, and closed at the end."""
    pools = import_module("tests.redis_pools")
    settings.CACHES = {**pools.CACHES}
    yield pools.CountedPool
    pools.hang_up()
