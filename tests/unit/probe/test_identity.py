"""Identity: whole words, the longest first; other sources match exactly."""

from __future__ import annotations

import json

import pytest

from alb_dr.errors import BadInput
from alb_dr.model.application import IdentityRule, IdentitySource
from alb_dr.model.sample import AMBIGUOUS, UNATTRIBUTED
from alb_dr.probe.identity import attributor

NAMES = ("poc-ack-1", "poc-ack-10", "east", "v1.2")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ("Hello from poc-ack-1", 0),
        ("Hello from poc-ack-10!", 1),
        ('{"cluster":"poc-ack-1"}', 0),
        ("poc-ack-1.", 0),
        ("poc-ack-1 poc-ack-1", 0),
        ("<b>east</b>", 2),
        ("runs v1.2.", 3),
        ("runs v1.2.3", UNATTRIBUTED),
        ("runs xv1.2", UNATTRIBUTED),
        ("poc-ack-1.example.com", UNATTRIBUTED),
        ("poc-ack-100", UNATTRIBUTED),
        ("my-poc-ack-1", UNATTRIBUTED),
        ("northeast", UNATTRIBUTED),
        ("POC-ACK-1", UNATTRIBUTED),
        ("poc-ack-1-web-7f", UNATTRIBUTED),
        ("", UNATTRIBUTED),
        ("poc-ack-1,poc-ack-10", AMBIGUOUS),
    ],
)
def test_F78_names_are_found_as_whole_words(body: str, member: int) -> None:
    assert attributor(IdentityRule(), NAMES)(b"", body.encode()) == member


@pytest.mark.parametrize(
    ("value", "member"),
    [
        (b"poc-ack-1", 0), (b" east ", 2), (b"poc-ack-1 ", 0), (b"Hello poc-ack-1", UNATTRIBUTED),
        (b"", UNATTRIBUTED), (b"poc-ack-1\x00east", AMBIGUOUS), (b"east\x00east", 2),
        (b"east\x00proxy", 2),
    ],
)  # fmt: skip
def test_a_header_is_matched_exactly(value: bytes, member: int) -> None:
    rule = IdentityRule(source=IdentitySource.HEADER, expression="X-Cluster")
    assert attributor(rule, NAMES)(value, b"east") == member


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ({"a/b": [{"name": "east"}]}, 2),
        ({"a/b": [{"name": "eastern"}]}, UNATTRIBUTED),
        ({"a/b": [{"name": 5}]}, UNATTRIBUTED),
        ({"a/b": []}, UNATTRIBUTED),
        ({}, UNATTRIBUTED),
        ("east", UNATTRIBUTED),
    ],
)
def test_a_json_pointer_is_followed(document: object, member: int) -> None:
    rule = IdentityRule(source=IdentitySource.JSON, expression="/a~1b/0/name")
    assert attributor(rule, NAMES)(b"", json.dumps(document).encode()) == member


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 60_000, b"9" * 60_000])
def test_F77_broken_json_names_nobody(body: bytes) -> None:
    rule = IdentityRule(source=IdentitySource.JSON, expression="/name")
    assert attributor(rule, NAMES)(b"", body) == UNATTRIBUTED


def test_a_pattern_is_anchored_and_its_group_is_matched_exactly() -> None:
    rule = IdentityRule(source=IdentitySource.REGEX, expression=r"^cluster=([^;]*);")
    attribute = attributor(rule, NAMES)
    assert attribute(b"", b"cluster=east; x") == 2
    assert attribute(b"", b"x cluster=east;") == UNATTRIBUTED
    assert attribute(b"", b"cluster=eastern;") == UNATTRIBUTED


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="no regular expression"):
        attributor(IdentityRule(source=IdentitySource.REGEX, expression="^("), NAMES)
