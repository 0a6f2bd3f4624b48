"""Who may ask, and the words in which a wrong request is refused."""

from __future__ import annotations

import pytest

from tests.contract.objects import config_map, deployment, document, lease
from tests.contract.raw import Raw
from tests.contract.servers import READER, READER_TOKEN, Api

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


# who is asking --------------------------------------------------------------------------------


def test_a_token_nobody_has_is_not_authenticated(http: Raw, maps: str) -> None:
    reply = http.as_user("nonsense").get(maps)
    assert reply.status == 401
    assert (reply.body["reason"], reply.body["message"]) == ("Unauthorized", "Unauthorized")


def test_nobody_is_anonymous_and_may_not(http: Raw, maps: str, namespace: str) -> None:
    reply = http.as_user(None).get(maps)
    assert reply.status == 403
    assert reply.body["message"] == (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in '
        f'API group "" in the namespace "{namespace}"'
    )


def test_a_reader_may_read_and_not_write(served: Api, http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace)))
    served.restrict(namespace)
    reader = http.as_user(READER_TOKEN)
    assert reader.get(f"{maps}/settings").status == 200
    reply = reader.delete(f"{maps}/settings")
    assert (reply.status, reply.body["reason"]) == (403, "Forbidden")
    assert reply.body["message"] == (
        f'configmaps "settings" is forbidden: User "{READER}" cannot delete resource "configmaps" '
        f'in API group "" in the namespace "{namespace}"'
    )
    assert reply.body["details"] == {"name": "settings", "kind": "configmaps"}


@pytest.mark.parametrize(("verb", "allowed"), [("get", True), ("update", False)])
def test_a_reader_learns_what_it_may(
    served: Api, http: Raw, namespace: str, verb: str, allowed: bool
) -> None:
    served.restrict(namespace)
    attributes = {"verb": verb, "group": "", "resource": "configmaps", "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    reply = http.as_user(READER_TOKEN).post(REVIEWS, review)
    assert reply.status == 201
    assert reply.body["status"]["allowed"] is allowed


def test_somebody_else_may_be_asked_about(served: Api, http: Raw, namespace: str) -> None:
    served.restrict(namespace)
    attributes = {"verb": "delete", "group": "", "resource": "configmaps", "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": READER, "resourceAttributes": attributes},
    }
    reply = http.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    assert (reply.status, reply.body["status"]["allowed"]) == (201, False)
    reads = {"user": READER, "resourceAttributes": {**attributes, "verb": "get"}}
    path = f"/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews"
    local = {**review, "kind": "LocalSubjectAccessReview", "spec": reads}
    reply = http.post(path, {**local, "metadata": {"namespace": namespace}})
    assert (reply.status, reply.body["status"]["allowed"]) == (201, True)


def test_an_administrator_may_do_everything(http: Raw, namespace: str) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    reply = http.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert reply.status == 201
    assert everything in reply.body["status"]["resourceRules"]


# what is wrong --------------------------------------------------------------------------------


def test_what_is_not_there_is_named(http: Raw, maps: str) -> None:
    assert http.get(f"{maps}/absent").body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "absent" not found',
        "reason": "NotFound",
        "details": {"name": "absent", "kind": "configmaps"},
        "code": 404,
    }


def test_what_is_there_cannot_be_created(http: Raw, maps: str, namespace: str) -> None:
    assert http.post(maps, document(config_map(namespace))).status == 201
    reply = http.post(maps, document(config_map(namespace)))
    assert (reply.status, reply.body["reason"]) == (409, "AlreadyExists")


def test_an_answer_of_half_a_document_names_the_kind(http: Raw, maps: str) -> None:
    reply = http.send("POST", maps, b'{"apiVersion": "v1", ')
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert "must be of type ConfigMap" in reply.body["message"]


def test_a_body_of_another_kind_is_refused(http: Raw, maps: str, namespace: str) -> None:
    reply = http.post(maps, document(deployment(namespace)))
    assert reply.status == 400


def test_a_body_for_another_namespace_is_refused(http: Raw, maps: str) -> None:
    reply = http.post(maps, document(config_map("default")))
    assert (reply.status, reply.body["message"]) == (
        400,
        "the namespace of the provided object does not match the namespace sent on the request",
    )


def test_a_lease_with_another_time_cannot_be_created(http: Raw, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    reply = http.post(path, document(lease(namespace, "2026-01-02T03:04:05Z")))
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    what, _, why = reply.body["message"].partition(": ")
    assert what == 'Lease in version "v1" cannot be handled as a Lease'
    # Older decoders wrap the reason in the place where they found it; the recordings have it bare.
    assert (
        'parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": '
        'cannot parse "Z" as ".000000"'
    ) in why


def test_an_unknown_media_type_is_refused(http: Raw, maps: str, namespace: str) -> None:
    stored = http.post(maps, document(config_map(namespace)))
    reply = http.patch(f"{maps}/settings", {}, "application/unknown")
    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")
    assert http.get(f"{maps}/settings").version == stored.version


def test_a_secret_written_in_plain_is_read_encoded(http: Raw, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain"},
        "data": {"a": "b2xk", "b": "Yg=="},
        "stringData": {"a": "new"},
    }
    assert http.post(path, secret).status == 201
    stored = http.get(f"{path}/plain").body
    assert stored["data"] == {"a": "bmV3", "b": "Yg=="}
    assert stored["type"] == "Opaque"
    assert "stringData" not in stored
