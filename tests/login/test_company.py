"""Clients of a company, whose people are asked nothing: the company is."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.client.auth import OAuthTokenError
from mcp.client.auth.extensions.identity_assertion import (
    IdentityAssertionOAuthProvider,
)

from tests.interop.scripts import checks_of, typescript
from tests.login.clients import Memory, connected, said
from tests.login.company import Company
from tests.login.documents import Documents
from tests.login.names import AGENT, SECRET

pytestmark = [
    pytest.mark.interop,
    pytest.mark.needs("oauth"),
    pytest.mark.needs("jwt"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def company(documents: Documents) -> Company:
    """Whose word the shop takes."""
    return Company(documents)


class Agent(IdentityAssertionOAuthProvider):
    """The company's client; ``changes`` are what is odd about what it is given."""

    def __init__(
        self, shop: str, path: str, company: Company, scope: str = "", **changes: Any
    ) -> None:
        async def ask(audience: str, resource: str) -> str:
            return company.assertion(audience, resource, **changes)

        super().__init__(
            shop + path,
            Memory(),
            client_id=AGENT,
            client_secret=SECRET,
            issuer=shop,
            assertion_provider=ask,
            scope=scope or None,
        )


@pytest.mark.parametrize("path", ["/mcp", "/view"])
async def test_client_acts_for_whom_the_company_says(
    shop: str, path: str, company: Company
) -> None:
    login = Agent(shop, path, company)
    async with connected(shop + path, login) as client:
        assert await said(client, "whoami") == "alice shop:read shop:write"


async def test_client_gets_more_when_a_tool_needs_more(
    shop: str, company: Company
) -> None:
    login = Agent(shop, "/mcp", company, scope="shop:read")
    async with connected(f"{shop}/mcp", login) as client:
        assert await said(client, "whoami") == "alice shop:read"
        assert await said(client, "order", title="Emma") == "Ordered: Emma"
        assert await said(client, "whoami") == "alice shop:read shop:write"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "machine"},
        {"aud": "https://elsewhere.example"},
        {"resource": "https://elsewhere.example/mcp"},
        {"iss": "https://elsewhere.example"},
        {"sub": "nobody"},
        {"exp": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_assertion_that_does_not_fit_gives_nothing(
    shop: str, company: Company, changes: dict[str, Any]
) -> None:
    login = Agent(shop, "/mcp", company, **changes)
    with refused():
        async with connected(f"{shop}/mcp", login):
            raise AssertionError("It was let in.")


async def test_assertion_is_good_once(shop: str, company: Company) -> None:
    url = f"{shop}/mcp"
    async with connected(url, Agent(shop, "/mcp", company, jti="once")) as client:
        await said(client, "whoami")
    with refused():
        async with connected(url, Agent(shop, "/mcp", company, jti="once")):
            raise AssertionError("It was let in.")


def refused() -> pytest.RaisesGroup[OAuthTokenError]:
    """Expect what the client makes of a refusal by the token endpoint."""
    error = pytest.RaisesExc(OAuthTokenError, match=r"\(400\)")
    return pytest.RaisesGroup(error, flatten_subgroups=True)


def test_typescript_client_acts_for_whom_the_company_says(
    shop: str, company: Company
) -> None:
    url = f"{shop}/mcp"
    command = [*typescript("company.mjs"), url, shop, AGENT, SECRET]
    assert checks_of([*command, company.assertion(shop, url)]) == ["ok"]
