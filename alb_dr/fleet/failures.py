"""What the API refused, in our words: Kubernetes Status documents to errors with a hint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.errors import (
    AlbDrError,
    Conflict,
    CredentialsError,
    Forbidden,
    NotFound,
    Rejected,
    Unreachable,
)
from alb_dr.model.manifest import Kind
from alb_dr.model.printable import printable

ANONYMOUS = "system:anonymous"
"""The user of requests whose credentials an API does not see."""
ADD_ONS = {
    "albconfigs": "the ALB multi-cluster gateway is not enabled on this Fleet; enable it there",
    "applicationsets": "GitOps is not enabled on this Fleet; enable it in the ACK One console",
    "applications": "GitOps is not enabled on this Fleet; enable it in the ACK One console",
    "propagationpolicies": "application distribution is not served by this Fleet",
    "overridepolicies": "application distribution is not served by this Fleet",
    "scaledobjects": "KEDA is not installed in this cluster",
}
"""What to enable when the kind itself is unknown to the API."""

TYPED_PATCH = "failed to create typed patch object"
"""A typing error in an applied document answers 500 with this text; retrying it is useless."""
TEST_FAILED = "the server rejected our request due to an error in our request"
"""What a JSON Patch answers whose ``test`` failed."""


def failure(
    status_code: int, status: Mapping[str, Any], *, what: str, label: str, kind: Kind | None
) -> AlbDrError:
    """The error for an answer of 300 and above. ``what`` says what was asked, for people."""
    message = printable(str(status.get("message") or ""))
    words = f"{label}: {what}: {message}" if message else f"{label}: {what}: HTTP {status_code}"
    if status_code == 401:
        return CredentialsError(
            f"{label} does not know our credentials (401)",
            hint="they are wrong or expired; fetch the kubeconfig again",
        )
    if status_code == 403:
        return _forbidden(words, message)
    if status_code == 404:
        return _not_found(words, status, kind)
    if status_code == 409:
        return _conflict(words, status)
    if status_code == 422 and TEST_FAILED in message:
        return Conflict(
            f"{label}: {what}: changed by somebody else since we looked; nothing was written",
            hint="look again and repeat the command",
            code="ADR-CHANGED",
        )
    if status_code in {400, 405, 406, 413, 415, 422} or TYPED_PATCH in message:
        return Rejected(words, hint=_rejection_hint(message))
    return Unreachable(words, hint="the API is in trouble; nothing was changed; try again later")


def _forbidden(words: str, message: str) -> AlbDrError:
    if "admission webhook" in message or "being terminated" in message:
        return Rejected(words, hint=_rejection_hint(message))
    if f'User "{ANONYMOUS}"' in message:
        # A role for it would open the cluster to everybody.
        return CredentialsError(
            f"{words}; it takes us for {ANONYMOUS}: no credentials were sent, or none it knows",
            hint="look at the kubeconfig's user, or fetch the kubeconfig again",
        )
    return Forbidden(words, hint="ask for an RBAC role that allows this verb on this resource")


def _not_found(words: str, status: Mapping[str, Any], kind: Kind | None) -> AlbDrError:
    details = status.get("details") or {}
    if kind is not None and not details.get("name"):
        hint = ADD_ONS.get(kind.plural, f"this API does not serve {kind.api_version} {kind.name}")
        return NotFound(f"{words} ({kind.name} is not served)", hint=hint, code="ADR-NO-KIND")
    if details.get("kind") == "namespaces":
        name = details.get("name")
        return NotFound(
            words, hint=f"the namespace {name} must exist first", code="ADR-NO-NAMESPACE"
        )
    return NotFound(words)


def _conflict(words: str, status: Mapping[str, Any]) -> AlbDrError:
    causes = (status.get("details") or {}).get("causes") or []
    fields = [c for c in causes if c.get("reason") == "FieldManagerConflict"]
    if fields:
        listed = "; ".join(
            f"{printable(str(c.get('field')))}: {printable(str(c.get('message')))}" for c in fields
        )
        subject = words.split(": Apply failed", maxsplit=1)[0]
        return Conflict(
            f"{subject}: somebody else owns {listed}",
            hint="leave the field to them, or take it over with --force-conflicts",
            code="ADR-OWNED",
        )
    return Conflict(words, hint="look again and repeat the command")


def _rejection_hint(message: str) -> str | None:
    if "admission webhook" in message and "does not support dry run" in message:
        return "a webhook cannot answer dry runs; ask its owner to set sideEffects: None"
    if "admission webhook" in message:
        return "a webhook of this API refused it; the message names the webhook"
    if "being terminated" in message:
        return "the namespace is being deleted; wait until it is gone"
    return None
