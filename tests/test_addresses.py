"""Whose address is believed, and how it is counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from django_mcp.addresses import address_of_request, address_of_scope
from django_mcp.conf import Values, conf

PEER = "10.0.0.1"


def scope(*forwarded: str, peer: Any = (PEER, 4711)) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", one.encode("latin-1")) for one in forwarded]
    return {"type": "http", "client": peer, "headers": [(b"host", b"x"), *headers]}


def both(*forwarded: str) -> str:
    """Return what scope and request agree on."""
    request = RequestFactory().get("/", REMOTE_ADDR=PEER)
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = ",".join(forwarded)
    found = address_of_scope(scope(*forwarded))
    assert address_of_request(request) == found
    return found


def test_without_proxies_the_header_means_nothing() -> None:
    assert both("192.0.2.1") == PEER


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (1, ["192.0.2.1"], "192.0.2.1"),
        (1, ["1.1.1.1, 192.0.2.1"], "192.0.2.1"),
        (1, ["1.1.1.1", "192.0.2.1"], "192.0.2.1"),
        (2, ["1.1.1.1, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (2, ["192.0.2.1"], "192.0.2.1"),
        (2, ["1.1.1.1 ,192.0.2.1,", " 10.0.0.2"], "10.0.0.1"),
        (1, ["192.0.2.1:4711"], "192.0.2.1"),
        (1, ["[2001:db8:0:1::7]:4711"], "2001:db8:0:1::/64"),
        (1, ["[2001:db8:0:1::7]"], "2001:db8:0:1::/64"),
        (1, ["2001:db8:0:1::7"], "2001:db8:0:1::/64"),
        (1, ["::ffff:192.0.2.1"], "192.0.2.1"),
        (1, ["fe80::1%eth0"], "fe80::/64"),
        (1, ["192.0.2.1, unknown"], PEER),
        (1, ["192.0.2.1, _hidden"], PEER),
        (1, ["192.0.2.1,"], PEER),
        (1, [], PEER),
    ],
)
def test_the_entry_of_the_outermost_proxy_counts(
    settings: Any, proxies: int, forwarded: list[str], expected: str
) -> None:
    settings.DJANGO_MCP = {"TRUSTED_PROXIES": proxies}
    assert both(*forwarded) == expected


@given(st.text(st.characters(max_codepoint=255)), st.integers(1, 3))
def test_nothing_a_stranger_writes_is_believed(written: str, proxies: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(conf.__dict__, "now", Values(TRUSTED_PROXIES=proxies))
        own = ["192.0.2.1", "10.0.0.3", "10.0.0.2"][:proxies]
        assert both(", ".join([written, *own])) == "192.0.2.1"
        # Even where a proxy is missing, it is an address or the peer.
        assert len(address_of_scope(scope(written))) <= 43


@pytest.mark.parametrize("peer", [None, (None, 0), ("", 0)])
def test_nobody_knows_who_is_behind_a_unix_socket(peer: Any) -> None:
    assert address_of_scope(scope(peer=peer)) == ""
    assert address_of_scope({}) == ""


def test_a_peer_that_is_no_address_counts_as_it_is() -> None:
    assert address_of_scope(scope(peer=("testclient", 1))) == "testclient"


def test_an_ipv6_peer_counts_with_its_line() -> None:
    one = address_of_scope(scope(peer=("2001:db8::1", 1)))
    assert one == address_of_scope(scope(peer=("2001:db8::ffff:1", 1)))
    assert one != address_of_scope(scope(peer=("2001:db8:0:1::1", 1)))
