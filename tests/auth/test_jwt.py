"""A token that another server signed for us is taken, and nothing else is."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.checks import run_checks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("jwt", reason="needs the extra 'jwt'")

from django_mcp import MCPServer
from django_mcp.auth.base import AuthError
from django_mcp.auth.jwt import JWTAuthenticator
from tests.auth.issuing import (
    DAY,
    OURS,
    SITE,
    Remote,
    bearing,
    claims,
    ec_key,
    ed_key,
    encoded,
    jwk,
    message,
    pem,
    rsa_key,
    signed,
)

EVIL = "https://evil.example"
ALICE = User(pk=1, username="alice")


class Tokens(JWTAuthenticator):
    """As a project has it; its users stand in the memory of the test."""

    def get_user(self, claims: Any) -> Any:
        return {"auth0|7": ALICE}.get(claims["sub"])


@pytest.fixture(autouse=True)
def _the_site(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": SITE}


@pytest.fixture
def tokens(other: Remote) -> Tokens:
    """Take the tokens of another server, whose keys are published."""
    other.answers["/keys"] = {
        "keys": [
            jwk(rsa_key(), "one"),
            jwk(ec_key(), "curve"),
            jwk(ed_key(), "edwards"),
            jwk(rsa_key("pss"), "pss", alg="PS256", use="sig"),
            jwk(rsa_key("weak", 1024), "weak"),
        ]
    }
    return Tokens(issuer=other.url, jwks_uri=f"{other.url}/keys")


def refuse(tokens: JWTAuthenticator, token: str, code: str = "invalid_token") -> None:
    with pytest.raises(AuthError) as refusal:
        tokens.authenticate(bearing(token))
    assert refusal.value.code == code
    assert refusal.value.message == AuthError().message or code != "invalid_token"


def user_of(tokens: JWTAuthenticator, token: str) -> Any:
    principal = tokens.authenticate(bearing(token))
    assert principal is not None
    return principal.user


# -- what is taken ----------------------------------------------------------


def test_a_token_for_us_names_user_client_and_scopes(tokens: Tokens) -> None:
    said = claims(tokens.issuer)
    principal = tokens.authenticate(bearing(signed(said)))
    assert principal is not None
    assert principal.user is ALICE
    assert principal.client_id == "editor"
    assert principal.scopes == frozenset({"shop:read", "shop:write"})
    assert principal.expires_at == said["exp"]
    assert principal.token_id == "t-1"
    assert principal.authenticator == f"{__name__}.Tokens"


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("RS256", rsa_key, "one"),
        ("RS512", rsa_key, "one"),
        ("ES256", ec_key, "curve"),
        ("EdDSA", ed_key, "edwards"),
        ("PS256", lambda: rsa_key("pss"), "pss"),
    ],
)
def test_usual_signatures_are_verified(
    tokens: Tokens, algorithm: str, key: Any, kid: str
) -> None:
    token = signed(claims(tokens.issuer), key(), algorithm, kid)
    assert user_of(tokens, token) is ALICE


@pytest.mark.parametrize(
    ("changed", "scopes"),
    [
        ({"scope": ...}, set()),
        ({"scope": ""}, set()),
        ({"scope": None}, set()),
        ({"scope": ["shop:read"]}, {"shop:read"}),
        ({"scope": ..., "scp": "shop:read"}, {"shop:read"}),
        ({"scope": ..., "scp": ["a", "b"]}, {"a", "b"}),
        ({"scope": "a", "scp": ["b"]}, {"a", "b"}),
    ],
)
def test_scopes_are_words_or_a_list_and_none_is_not_all(
    tokens: Tokens, changed: Any, scopes: Any
) -> None:
    principal = tokens.authenticate(bearing(signed(claims(tokens.issuer, **changed))))
    assert principal is not None
    assert principal.scopes == scopes


@pytest.mark.parametrize(
    ("changed", "client"),
    [
        ({"client_id": ...}, None),
        ({"client_id": ..., "azp": "editor"}, "editor"),
        ({"client_id": "editor", "azp": "other"}, "editor"),
        ({"client_id": "", "azp": "other"}, "other"),
    ],
)
def test_the_client_is_named(tokens: Tokens, changed: Any, client: Any) -> None:
    principal = tokens.authenticate(bearing(signed(claims(tokens.issuer, **changed))))
    assert principal is not None
    assert principal.client_id == client


@pytest.mark.parametrize("jti", [..., None, "", 7, ["t"], "x" * 129, "é", "a\nb"])
def test_what_goes_to_logs_is_never_the_token(tokens: Tokens, jti: Any) -> None:
    token = signed(claims(tokens.issuer, jti=jti))
    principal = tokens.authenticate(bearing(token))
    assert principal is not None and principal.token_id
    assert len(principal.token_id) == 32
    assert principal.token_id.isalnum()
    again = tokens.authenticate(bearing(token))
    assert again is not None and again.token_id == principal.token_id
    assert token not in repr(principal)


@pytest.mark.parametrize(
    "audience",
    [
        OURS,
        f"{OURS}/",
        "HTTPS://SHOP.example:443/mcp",
        [OURS],
        [OURS, "https://id.example/userinfo"],
        ["https://id.example/userinfo", OURS],
    ],
)
def test_a_token_is_made_out_to_us_if_we_are_among_others(
    tokens: Tokens, audience: Any
) -> None:
    assert user_of(tokens, signed(claims(tokens.issuer, aud=audience))) is ALICE


def test_an_audience_of_the_providers_making_can_be_configured(tokens: Tokens) -> None:
    tokens.audience = "api://shop"
    assert user_of(tokens, signed(claims(tokens.issuer, aud="api://shop"))) is ALICE
    refuse(tokens, signed(claims(tokens.issuer)))
    refuse(tokens, signed(claims(tokens.issuer, aud="api://shop/")))


def test_types_are_names_of_media(tokens: Tokens) -> None:
    for kind in ("at+jwt", "AT+JWT", "application/at+jwt"):
        assert user_of(tokens, signed(claims(tokens.issuer), typ=kind)) is ALICE


def test_providers_that_name_types_otherwise_can_be_configured(tokens: Tokens) -> None:
    tokens.types = ("JWT", "")
    for kind in ("JWT", "jwt", ...):
        assert user_of(tokens, signed(claims(tokens.issuer), typ=kind)) is ALICE
    refuse(tokens, signed(claims(tokens.issuer), typ="at+jwt"))
    said = claims(tokens.issuer, typ="Bearer", token_use="access")  # Keycloak, Cognito
    assert user_of(tokens, signed(said, typ="JWT")) is ALICE


def test_clocks_may_differ_a_little(tokens: Tokens) -> None:
    now = time.time()
    assert user_of(tokens, signed(claims(tokens.issuer, exp=now - 10))) is ALICE
    assert user_of(tokens, signed(claims(tokens.issuer, iat=now + 10))) is ALICE
    tokens.leeway = 0
    refuse(tokens, signed(claims(tokens.issuer, exp=now - 10)))
    refuse(tokens, signed(claims(tokens.issuer, nbf=now + 10)))


def test_a_token_without_a_key_has_the_only_one_that_fits(
    tokens: Tokens, other: Remote
) -> None:
    refuse(tokens, signed(claims(tokens.issuer), kid=...))  # two could have signed it
    assert user_of(tokens, signed(claims(tokens.issuer), ec_key(), "ES256", ...))
    assert other.asked == ["/keys"]


def test_a_key_may_be_given_instead(other: Remote) -> None:
    tokens = Tokens(issuer=other.url, key=pem(rsa_key()))
    assert user_of(tokens, signed(claims(other.url), kid="whatever")) is ALICE
    refuse(tokens, signed(claims(other.url), rsa_key("pss")))
    assert other.asked == []


def test_a_shared_secret_is_taken_where_it_is_asked_for() -> None:
    secret = b"a secret of more than thirty-two bytes"
    said = signed(claims(EVIL), secret, "HS256")
    assert user_of(Tokens(issuer=EVIL, key=secret, algorithms=("HS256",)), said)
    refuse(Tokens(issuer=EVIL, key=secret), said)


def test_keys_are_found_by_the_metadata_of_the_issuer(
    tokens: Tokens, other: Remote
) -> None:
    path = "/.well-known/openid-configuration"
    other.answers[path] = {"issuer": other.url, "jwks_uri": tokens.jwks_uri}
    tokens.jwks_uri = ""
    assert user_of(tokens, signed(claims(tokens.issuer))) is ALICE
    assert other.asked == [path, "/keys"]


# -- what is not ours -------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "..",
        f"{encoded(b'{}')}.{encoded(b'{}')}.",
        f"{encoded(b'[]')}.{encoded(b'[]')}.",
        f"{encoded(b'{}')}.{encoded(b'7')}.{encoded(b'7')}",
        f"{encoded(b'{}')}.{encoded(b'[' * 5000)}.x",
        f"{encoded(b'[' * 5000)}.{encoded(b'{}')}.x",
        f"{encoded(b'{}')}.{encoded(bytes([255, 254]))}.x",
        signed(claims(EVIL)),
        signed(claims(EVIL, iss=...)),
        signed(claims(EVIL, iss=None)),
        signed(claims(EVIL, iss=[EVIL])),
        signed(claims("")),
    ],
    ids=range(16),
)
def test_what_is_of_nobody_we_know_is_for_somebody_else(
    tokens: Tokens, other: Remote, token: str
) -> None:
    assert tokens.authenticate(bearing(token)) is None
    assert Tokens().authenticate(bearing(token)) is None
    assert other.asked == []


def test_an_issuer_is_compared_as_it_is_written(tokens: Tokens, other: Remote) -> None:
    for issuer in (f"{tokens.issuer}/", tokens.issuer.upper(), f" {tokens.issuer}"):
        assert tokens.authenticate(bearing(signed(claims(issuer)))) is None
    assert other.asked == []


def test_the_last_of_two_claims_counts(tokens: Tokens) -> None:
    """As RFC 7519, section 4, has it; the first one is nobody's."""
    said = json.dumps(claims(tokens.issuer))
    theirs = f'{said[:-1]}, "iss": "{EVIL}"}}'
    assert tokens.authenticate(bearing(signed(theirs.encode()))) is None
    ours = f'{{"sub": "admin", "aud": "x", {said[1:]}'
    assert user_of(tokens, signed(ours.encode())) is ALICE
    late = f'{said[:-1]}, "aud": "{EVIL}"}}'
    refuse(tokens, signed(late.encode()))


def test_without_a_bearer_token_nobody_is_named(tokens: Tokens) -> None:
    token = signed(claims(tokens.issuer))
    assert tokens.authenticate(message()) is None
    assert tokens.authenticate(message(("authorization", f"Basic {token}"))) is None
    assert tokens.authenticate(message(("cookie", f"token={token}"))) is None


# -- what is ours, and bad --------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ...},
        {"aud": None},
        {"aud": ""},
        {"aud": []},
        {"aud": SITE},
        {"aud": f"{OURS}/sub"},
        {"aud": f"{OURS}?a"},
        {"aud": "https://shop.example.evil/mcp"},
        {"aud": EVIL},
        {"aud": [EVIL]},
        {"aud": [OURS, 7]},
        {"aud": [[OURS]]},
        {"aud": {OURS: True}},
        {"aud": 7},
        {"exp": ...},
        {"exp": None},
        {"exp": 0},
        {"exp": time.time() - 60},
        {"exp": str(time.time() + DAY)},
        {"exp": True},
        {"exp": [time.time() + DAY]},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"exp": -(10**400)},
        {"nbf": time.time() + DAY},
        {"nbf": "now"},
        {"iat": time.time() + DAY},
        {"iat": {}},
        {"sub": ...},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["auth0|7"]},
        {"sub": {"$ne": ""}},
        {"sub": "nobody"},
        {"sub": "\ud800"},
        {"scope": 7},
        {"scope": {"shop:read": True}},
        {"scope": [7]},
        {"scp": [None]},
        {"client_id": 7},
        {"client_id": ["editor"]},
        {"client_id": ..., "azp": {}},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": 7},
        {"token_use": "id"},
        {"token_use": "refresh_token"},
        {"nonce": "n-1"},
        {"at_hash": "x"},
        {"c_hash": "x"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"cnf": {"jkt": "x"}},
    ],
    ids=str,
)
def test_claims_must_say_that_it_is_for_us_and_of_somebody(
    tokens: Tokens, changed: Any
) -> None:
    token = signed(claims(tokens.issuer, **changed))
    if changed == {"sub": "\ud800"}:  # which is no text, so this is no token
        assert tokens.authenticate(bearing(token)) is None
    else:
        refuse(tokens, token)


@pytest.mark.parametrize(
    "kind", ["JWT", "", ..., None, 7, ["at+jwt"], "dpop+jwt", "logout+jwt", "id+jwt",
             "oauth-id-jag+jwt", "application/application/at+jwt"]
)  # fmt: skip
def test_only_access_tokens_are_taken(tokens: Tokens, other: Remote, kind: Any) -> None:
    refuse(tokens, signed(claims(tokens.issuer), typ=kind))
    assert other.asked == []


def test_an_id_token_is_refused_though_its_type_says_nothing(tokens: Tokens) -> None:
    tokens.types = ("JWT",)
    login = claims(tokens.issuer, aud="editor", azp="editor", nonce="n", scope=...)
    refuse(tokens, signed(login, typ="JWT"))
    # Even where somebody made the client's own id the audience.
    tokens.audience = "editor"
    refuse(tokens, signed(login, typ="JWT"))


def test_a_signature_nobody_made_is_refused(tokens: Tokens, other: Remote) -> None:
    said = claims(tokens.issuer)
    public = pem(rsa_key())
    for name in ("none", "None", "nOnE", "NONE", "", "HS256", "HS512", "RSA", "dir"):
        for key in (b"", public):
            refuse(tokens, forged(said, name, key))
    for odd in (None, 7, ["RS256"], {"RS256": 1}, True, ...):
        refuse(tokens, forged(said, odd, b""))
    assert other.asked == []  # not even for a key


def forged(said: Any, algorithm: Any, secret: bytes) -> str:
    """Return a token that is "signed" with what everybody knows."""
    if secret:
        right = signed(said, secret, "HS256")
        _, body, signature = right.split(".")
        head = {"alg": algorithm, "typ": "at+jwt", "kid": "one"}
        return f"{encoded(json.dumps(head).encode())}.{body}.{signature}"
    return signed(said, b"", alg=algorithm)


def test_a_published_key_is_no_secret_to_sign_with(other: Remote) -> None:
    """The older mistake: HS256 is listed, and the key is a public one."""
    tokens = Tokens(issuer=other.url, key=pem(rsa_key()), algorithms=("RS256", "HS256"))
    refuse(tokens, signed(claims(other.url), pem(rsa_key()), "HS256"))
    mixed = Tokens(
        issuer=other.url, jwks_uri=f"{other.url}/keys", algorithms=("HS256",)
    )
    refuse(mixed, signed(claims(other.url), pem(rsa_key()), "HS256"))


def test_another_key_than_the_named_one_did_not_sign(tokens: Tokens) -> None:
    said = claims(tokens.issuer)
    refuse(tokens, signed(said, rsa_key("pss")))
    refuse(tokens, signed(said, rsa_key("pss"), "RS256", "pss"))  # made for PS256
    refuse(tokens, signed(said, ec_key("other"), "ES256", "curve"))
    refuse(tokens, signed(said, ec_key(), "ES256", "one"))
    refuse(tokens, signed(said, rsa_key(), "RS256", "curve"))
    refuse(tokens, signed(said, rsa_key("weak", 1024), "RS256", "weak"))
    refuse(tokens, signed(said)[:-8] + "AAAAAAAA")
    good = signed(said).split(".")
    swapped = signed(claims(tokens.issuer, sub="admin")).split(".")
    refuse(tokens, ".".join([good[0], swapped[1], good[2]]))


def test_keys_that_cannot_be_used_verify_nothing(other: Remote) -> None:
    broken = [
        {"kty": "RSA", "kid": "no numbers"},
        {"kty": "RSA", "kid": "no Base64", "n": "!", "e": "!"},
        {"kty": "RSA", "kid": "empty", "n": "", "e": ""},
        {"kty": "RSA", "kid": "even", "n": "AA", "e": "AQAB"},
        {"kty": "EC", "kid": "off the curve", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "short", "crv": "Ed25519", "x": "AA"},
    ]
    other.answers["/keys"] = {"keys": broken}
    tokens = Tokens(issuer=other.url, jwks_uri=f"{other.url}/keys")
    algorithms = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
    keys = {"RSA": rsa_key(), "EC": ec_key(), "OKP": ed_key()}
    for key in broken:
        kind = key["kty"]
        token = signed(claims(other.url), keys[kind], algorithms[kind], key["kid"])
        refuse(tokens, token)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": 7},
        {"kid": None},
        {"kid": ["one"]},
        {"kid": {"one": 1}},
        {"kid": ""},
        {"kid": "../../etc/passwd"},
        {"kid": "one' OR 1=1"},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": "b64"},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
    ],
    ids=str,
)
def test_headers_that_mean_something_else_are_refused(
    tokens: Tokens, header: Any
) -> None:
    refuse(tokens, signed(claims(tokens.issuer), **header))


def test_what_is_too_long_for_a_token_is_no_token(tokens: Tokens) -> None:
    long = signed(claims(tokens.issuer, more="x" * 9000))
    refuse(tokens, long, "invalid_request")


class Looked(Tokens):
    """Finds whom the test says, or does not."""

    found: Any = None

    def get_user(self, claims: Any) -> Any:
        if self.found is User.DoesNotExist:
            raise User.DoesNotExist
        return self.found


@pytest.mark.parametrize(
    "found",
    [None, User(pk=2, is_active=False), AnonymousUser(), User.DoesNotExist],
    ids=str,
)
def test_who_may_not_log_in_may_not_call(tokens: Tokens, found: Any) -> None:
    looked = Looked(issuer=tokens.issuer, jwks_uri=tokens.jwks_uri, found=found)
    refuse(looked, signed(claims(tokens.issuer)))


def test_without_keys_nobody_knows_and_nobody_gets_in(
    tokens: Tokens, other: Remote
) -> None:
    other.answers["/keys"] = (500, {}, b"")
    refuse(tokens, signed(claims(tokens.issuer)), "temporarily_unavailable")
    with pytest.raises(AuthError) as refusal:
        tokens.authenticate(bearing(signed(claims(tokens.issuer))))
    assert refusal.value.status == 503
    assert len(other.asked) == 1


def test_without_an_audience_no_token_is_for_us(tokens: Tokens, settings: Any) -> None:
    tokens.audience = ""
    for audience in ("", [""], [], OURS, ...):
        refuse(tokens, signed(claims(tokens.issuer, aud=audience)))
    tokens.audience = None
    settings.DJANGO_MCP = {"BASE_URL": ""}
    for audience in ("", [""], OURS, ...):
        refuse(tokens, signed(claims(tokens.issuer, aud=audience)))


def test_the_reason_is_for_the_log_and_says_no_token(
    tokens: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    token = signed(claims(tokens.issuer, aud=EVIL, sub="auth0|secret"))
    with caplog.at_level(logging.DEBUG, "django_mcp"):
        refuse(tokens, token)
    assert f"it is not made out to '{OURS}'" in caplog.text
    assert token not in caplog.text
    assert "auth0|secret" not in caplog.text
    assert EVIL not in caplog.text


# -- whatever comes ---------------------------------------------------------

JUNK: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "scope", "scp", "client_id",
     "azp", "typ", "cnf"]
)  # fmt: skip
HEADERS = st.sampled_from(
    ["alg", "typ", "kid", "jku", "x5u", "jwk", "crit", "b64", "cty"]
)


def outcome(tokens: JWTAuthenticator, token: str) -> Any:
    """Return who is named; any error but a refusal fails the test."""
    try:
        return tokens.authenticate(bearing(token))
    except AuthError:
        return None


@pytest.fixture(scope="module")
def given_key() -> Tokens:
    return Tokens(issuer="https://id.example", key=pem(ec_key()), audience=OURS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(alphabet="abcXYZ019-_.=+/~", max_size=200))
def test_no_text_is_taken(given_key: Tokens, token: str) -> None:
    assert outcome(given_key, token) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed=st.dictionaries(NAMES, JUNK, max_size=4))
def test_odd_claims_are_refused_and_nothing_worse(
    given_key: Tokens, changed: dict[str, Any]
) -> None:
    said = {**claims(given_key.issuer), **changed}
    principal = outcome(given_key, signed(said, ec_key(), "ES256"))
    if principal is not None:
        assert said["iss"] == given_key.issuer and said["sub"] == "auth0|7"
        assert said["aud"] == OURS or OURS in said["aud"]
        assert said["exp"] > time.time() - 60


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.dictionaries(HEADERS, JUNK, max_size=3))
def test_odd_headers_are_refused_and_nothing_worse(
    given_key: Tokens, header: dict[str, Any]
) -> None:
    token = signed(claims(given_key.issuer), b"", **{"alg": "ES256", **header})
    assert outcome(given_key, token) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), byte=st.sampled_from("AZaz09-_.=+/~"))
def test_a_token_with_one_character_changed_is_another_one(
    given_key: Tokens, at: int, byte: str
) -> None:
    token = signed(claims(given_key.issuer), ec_key(), "ES256")
    at %= len(token)
    changed = token[:at] + byte + token[at + 1 :]
    assert outcome(given_key, changed) is None or changed == token


# -- what the system checks say ---------------------------------------------


def ids(*authenticators: JWTAuthenticator) -> list[str]:
    server = MCPServer("checked", authenticators=authenticators)
    found = [message.id for message in run_checks(databases=[])]
    assert len(server.authenticators) == len(authenticators)  # it is looked at
    kinds = ("django_mcp.E02", "django_mcp.W02")
    return sorted(i.partition(".")[2] for i in found if i and i.startswith(kinds))


GOOD = {"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"}
SECRET = {"issuer": "https://id.example", "key": "x" * 32}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (GOOD, []),
        ({"issuer": "https://id.example"}, []),
        ({"issuer": "http://localhost:8080/realms/shop"}, []),
        ({}, ["E022"]),
        ({"issuer": "id.example"}, ["E022"]),
        ({"issuer": "http://id.example"}, ["E022"]),
        ({**GOOD, "jwks_uri": "http://id.example/keys"}, ["E022"]),
        ({**GOOD, "audience": "api://shop"}, []),
        ({**GOOD, "audience": ""}, ["E023"]),
        ({**GOOD, "algorithms": ()}, ["E025"]),
        ({**GOOD, "algorithms": ("RS256", "none")}, ["E025"]),
        ({**GOOD, "algorithms": ("HS256",)}, ["E025"]),
        ({**SECRET, "algorithms": ("HS256",)}, []),
        ({**SECRET, "algorithms": ("HS256", "RS256")}, ["E025"]),
        ({**SECRET, "algorithms": ("none",)}, ["E025"]),
    ],
    ids=str,
)
def test_what_would_let_others_in_is_named(attributes: Any, expected: Any) -> None:
    tokens = Tokens(**attributes)
    assert ids(tokens) == expected


def test_somebody_must_say_whose_tokens_are_whose() -> None:
    tokens = JWTAuthenticator(**GOOD)
    assert ids(tokens) == ["E024"]
    with pytest.raises(NotImplementedError, match="get_user"):
        tokens.get_user({})


def test_users_are_looked_up_in_a_thread() -> None:
    class Late(JWTAuthenticator):
        async def get_user(self, claims: Any) -> Any:  # type: ignore[override]
            return ALICE

    assert ids(Late(**GOOD)) == ["E024"]


def test_the_audience_may_depend_on_the_server(tokens: Tokens, settings: Any) -> None:
    class Named(Tokens):
        def get_audience(self, server: MCPServer) -> str:
            return f"the-api-of-{server.name}"

    settings.DJANGO_MCP = {}
    named = Named(issuer=tokens.issuer, jwks_uri=tokens.jwks_uri)
    assert ids(named) == []
    assert user_of(named, signed(claims(tokens.issuer, aud="the-api-of-shop"))) is ALICE
    refuse(named, signed(claims(tokens.issuer)))


def test_without_a_base_url_there_is_no_audience(settings: Any) -> None:
    settings.DJANGO_MCP = {}
    tokens = [Tokens(**GOOD)]
    assert ids(*tokens) == ["E023"]
    tokens[0].audience = "api://shop"
    assert ids(*tokens) == []


def test_a_cache_that_keeps_nothing_is_named(settings: Any) -> None:
    dummy = "django.core.cache.backends.dummy.DummyCache"
    settings.CACHES = {"default": {"BACKEND": dummy}}
    tokens = [Tokens(**GOOD)]
    assert ids(*tokens) == ["W022"]
    assert ids(Tokens(**SECRET, algorithms=("HS256",))) == []


def test_clients_are_told_where_to_log_in() -> None:
    assert Tokens(**GOOD).authorization_servers() == ["https://id.example"]
    assert Tokens().authorization_servers() == []
