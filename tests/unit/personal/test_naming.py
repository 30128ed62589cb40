"""Which addresses a delegation is known by."""

from __future__ import annotations

import pytest

from orchestrator.domain.personal.naming import SeenAddresses

SEEN = SeenAddresses.of(
    [
        "Nhung@VN.example.org",
        "lan@gmail.com",
        "minh@yahoo.com.vn",
        "mai@b\u00fccher.example",
        "x@mail.gov.example",
    ]
)


@pytest.mark.parametrize(
    "address",
    [
        "nhung@vn.example.org",
        "new@vn.example.org",
        "New+tag@VN.EXAMPLE.ORG.",
        "LAN@gmail.com",
        "minh@yahoo.com.vn",
        "new@xn--bcher-kva.example",
        "new@mail.gov.example",
    ],
)
def test_its_own_addresses_and_domains_are_known(address: str) -> None:
    assert SEEN.knows(address)


@pytest.mark.parametrize(
    "address",
    [
        "new@gmail.com",
        "new@yahoo.com.vn",
        "new@example.org",
        "new@sub.vn.example.org",
        "new@evilvn.example.org",
        "new@vn.example.org.evil.example",
        "vn.example.org@evil.example",
        "new@gov.example",
    ],
)
def test_others_are_not(address: str) -> None:
    assert not SEEN.knows(address)


@pytest.mark.parametrize(
    "host",
    [
        "gmail.com",
        "hotmail.co.th",
        "outlook.com",
        "yahoo.co.id",
        "live.com.my",
        "proton.me",
        "qq.com",
        "163.com",
    ],
)
def test_where_everybody_can_have_an_address_one_makes_no_other_known(host: str) -> None:
    seen = SeenAddresses.of([f"lan@{host}"])
    assert seen.knows(f"lan@{host}")
    assert not seen.knows(f"other@{host}")
