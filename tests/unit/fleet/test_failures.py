"""What an API refuses, in words that say what to do, and with the exit code of its cause."""

from __future__ import annotations

from alb_dr.errors import CredentialsError, Rejected
from alb_dr.fleet.failures import failure
from alb_dr.model.manifest import INGRESS


def test_F59_a_webhook_that_cannot_answer_a_dry_run_is_named_and_nothing_is_written() -> None:
    """There is no way around it: what cannot be asked first is not written."""
    message = 'admission webhook "policy.corp.example" does not support dry run'
    found = failure(400, {"message": message}, what="applying", label="Fleet", kind=INGRESS)
    assert isinstance(found, Rejected)
    assert int(found.exit_code) == 13
    assert "policy.corp.example" in found.message
    assert "sideEffects: None" in (found.hint or "")


def test_F34_a_webhook_that_refuses_or_times_out_is_named() -> None:
    message = 'admission webhook "policy.corp.example" denied the request: no'
    found = failure(403, {"message": message}, what="applying", label="Fleet", kind=INGRESS)
    assert isinstance(found, Rejected)
    assert "the message names the webhook" in (found.hint or "")


def test_F60_a_namespace_that_is_being_deleted_is_waited_for_not_asked_a_role_for() -> None:
    """The API answers 403, as to somebody without rights."""
    message = (
        'ingresses.networking.k8s.io "web-demo" is forbidden: unable to create new content in '
        "namespace gateway-demo because it is being terminated"
    )
    found = failure(403, {"message": message}, what="applying", label="Fleet", kind=INGRESS)
    assert isinstance(found, Rejected)
    assert int(found.exit_code) == 13
    assert "wait until it is gone" in (found.hint or "")


def test_F36_who_is_taken_for_nobody_lacks_credentials_and_no_role() -> None:
    """A role for system:anonymous would open the cluster to everybody."""
    message = 'ingresses is forbidden: User "system:anonymous" cannot list resource "ingresses"'
    found = failure(403, {"message": message}, what="listing", label="Fleet", kind=INGRESS)
    assert isinstance(found, CredentialsError)
    assert int(found.exit_code) == 3
    assert "kubeconfig" in (found.hint or "")
    known = failure(
        403, {"message": message.replace("system:anonymous", "ann")}, what="listing",
        label="Fleet", kind=INGRESS,
    )  # fmt: skip
    assert int(known.exit_code) == 4
