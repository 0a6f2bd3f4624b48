"""The stand-in verifies what the cloud verifies: nothing tampered with, nothing sent twice."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from alb_dr.sandbox.cloud.faults import CloudFault, CloudFaults
from alb_dr.sandbox.cloud.problem import Problem
from alb_dr.sandbox.cloud.signature import (
    ALGORITHM,
    AccessKey,
    SignedRequest,
    Verifier,
    signature_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = AccessKey(id="LTAI", secret="secret")
NAMES = ("host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce")


def a_request(
    *, nonce: str = "n1", at: datetime = NOW, names: tuple[str, ...] = NAMES
) -> SignedRequest:
    """A request as an SDK would sign it."""
    headers = {
        "host": "alb.test",
        "x-acs-action": "ListRules",
        "x-acs-date": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    query = (("LoadBalancerIds.1", "alb-1"), ("Note", "a b/c*~"))
    request = SignedRequest(method="POST", path="/", query=query, headers=headers, body=b"")
    signature = signature_of(request, names, KEY.secret)
    signed = (
        f"{ALGORITHM} Credential={KEY.id},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return dataclasses.replace(request, headers={**headers, "authorization": signed})


def code_of(request: SignedRequest, verifier: Verifier | None = None) -> str:
    """The code of the refusal; empty when the request is accepted."""
    try:
        (verifier or Verifier(KEY)).verify(request, now=NOW)
    except Problem as problem:
        return problem.code
    return ""


def test_a_good_signature_is_accepted() -> None:
    assert code_of(a_request()) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"query": (("LoadBalancerIds.1", "alb-2"), ("Note", "a b/c*~"))},
        {"method": "GET"},
        {"path": "/clusters/c1"},
        {"body": b"{}"},
    ],
    ids=["query", "method", "path", "body"],
)
def test_whatever_is_tampered_with_is_noticed(change: dict[str, object]) -> None:
    assert code_of(dataclasses.replace(a_request(), **change)) == "SignatureDoesNotMatch"  # type: ignore[arg-type]


def test_a_changed_header_is_noticed() -> None:
    request = a_request()
    headers = {**request.headers, "x-acs-action": "DeleteLoadBalancer"}
    assert code_of(dataclasses.replace(request, headers=headers)) == "SignatureDoesNotMatch"


def test_a_request_cannot_be_sent_twice() -> None:
    verifier = Verifier(KEY)
    assert code_of(a_request(), verifier) == ""
    assert code_of(a_request(), verifier) == "SignatureNonceUsed"
    assert code_of(a_request(nonce="n2"), verifier) == ""


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_early_date_is_refused(minutes: int) -> None:
    request = a_request(at=NOW + timedelta(minutes=minutes))
    assert code_of(request) == "InvalidTimeStamp.Expired"


def test_an_unsigned_action_is_refused() -> None:
    assert code_of(a_request(names=("host", "x-acs-date"))) == "IncompleteSignature"


def test_no_signature_is_refused() -> None:
    request = a_request()
    headers = {k: v for k, v in request.headers.items() if k != "authorization"}
    assert code_of(dataclasses.replace(request, headers=headers)) == "IncompleteSignature"


def test_a_fault_counts_down_and_may_be_about_one_action() -> None:
    faults = CloudFaults()
    faults.inject(CloudFault(name="slow", delay_s=0.5))
    faults.inject(CloudFault(name="throttling", action="ListRules", times=1))
    assert faults.meet("alb", "DescribeZones") == 0.5
    with pytest.raises(Problem, match="flow control"):
        faults.meet("alb", "ListRules")
    assert faults.meet("alb", "ListRules") == 0.5
    assert faults.names == ["slow"]
    faults.clear()
    assert faults.meet("alb", "ListRules") == 0.0
