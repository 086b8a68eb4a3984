"""The shop, and what clients publish about themselves, for all tests of the login."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.login.documents import Documents, serving_documents
from tests.login.names import CURSOR, REDIRECT
from tests.login.running import running_shop
from tests.login.visitor import Visitor

#: Clients that have no document may register, Cursor among them; and a company
#: may say who its people are.
OPEN = {
    "registration": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http", "cursor"],
    "OAUTH2_SERVER_CLASS": "django_mcp.oauth.idjag.Server",
    "OAUTH2_GRANT_TYPES_SUPPORTED": [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
}
#: All clients of all tests come from one address.
PATIENT = {
    "OAUTH_REDIRECT_URIS": [CURSOR],
    "OAUTH_IDENTITY_PROVIDERS": ["tests.login.authentication.Company"],
    "OAUTH_RATE": None,
    "OAUTH_REGISTRATION_RATE": None,
}


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """Serve what clients publish about themselves."""
    with serving_documents(tmp_path_factory.mktemp("documents")) as documents:
        yield documents


@pytest.fixture(scope="session")
def document(documents: Documents) -> str:
    """A client's document about itself; its URL is the client's id."""
    return documents.publish(
        "/client.json",
        client_name="A client",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[str]:
    """Serve the shop."""
    place: Path = tmp_path_factory.mktemp("shop")
    with running_shop(
        place, documents, OAUTH2_PROVIDER=OPEN, DJANGO_MCP=PATIENT
    ) as url:
        yield url


@pytest.fixture(scope="session")
def hasty_shop(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[str]:
    """Serve a shop whose tokens live for two seconds."""
    place: Path = tmp_path_factory.mktemp("hasty")
    settings = {**OPEN, "ACCESS_TOKEN_EXPIRE_SECONDS": 2}
    with running_shop(
        place, documents, OAUTH2_PROVIDER=settings, DJANGO_MCP=PATIENT
    ) as url:
        yield url


@pytest.fixture(scope="session")
def shop_below(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[str]:
    """Serve a shop below a path of a site, which has nothing at its root."""
    place: Path = tmp_path_factory.mktemp("below")
    with running_shop(place, documents, "app/", DJANGO_MCP=PATIENT) as url:
        yield url


@pytest.fixture(scope="session")
def wsgi_shop(
    tmp_path_factory: pytest.TempPathFactory, documents: Documents
) -> Iterator[str]:
    """Serve a shop under WSGI."""
    place: Path = tmp_path_factory.mktemp("wsgi")
    with running_shop(place, documents, interface="wsgi", DJANGO_MCP=PATIENT) as url:
        yield url


@pytest.fixture
def alice() -> Iterator[Visitor]:
    """Somebody of the staff, who allows what she is asked."""
    with Visitor("alice") as visitor:
        yield visitor


@pytest.fixture
def bob() -> Iterator[Visitor]:
    """Somebody who may not build shelves."""
    with Visitor("bob") as visitor:
        yield visitor
