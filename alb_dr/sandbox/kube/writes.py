"""The writing verbs on one address: create, replace, the four patches, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.sandbox.kube import lease_times
from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.ownership import applied
from alb_dr.sandbox.kube.patch import json_patch, merge_patch, strategic_patch
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import (
    ApiError,
    Json,
    bad_request,
    details_of,
    invalid,
    json_type,
    not_found,
)
from alb_dr.sandbox.kube.store import Store
from alb_dr.sandbox.kube.subresources import scale_of, scaled
from alb_dr.sandbox.kube.validation import check_applied, go_words

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
GUARDED = frozenset({"leases", "customresourcedefinitions"})
"""Built-in kinds that, like all custom ones, are only replaced by whoever names the version."""


def create(store: Store, at: Address, body: Any, write: Write) -> Json:
    """POST to a collection."""
    document = _checked(at, body)
    if write.validation is not None:
        document = write.validation.decoded(at.resource, document)
    return store.create(at.resource, at.namespace, document, write)


def replace(store: Store, at: Address, body: Any, write: Write) -> Json:
    """PUT of an object, its status or its scale."""
    if at.subresource == "scale":
        return scaled(store, at, body, write)
    document = _checked(at, body)
    if write.validation is not None:
        document = write.validation.decoded(at.resource, document)
    given = (document.get("metadata") or {}).get("name")
    if given and given != at.name:
        raise bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({at.name})"
        )
    guarded = not at.resource.typed or at.resource.plural in GUARDED
    if guarded and not (document.get("metadata") or {}).get("resourceVersion"):
        message = "Invalid value: 0x0: must be specified for an update"
        causes = [("FieldValueInvalid", "metadata.resourceVersion", message)]
        raise invalid(at.resource.plural, at.resource.group, at.name, causes)
    return store.update(at.resource, at.namespace, at.name, document, write)


def patch(
    store: Store, at: Address, body: Any, write: Write, *, content_type: str, force: bool
) -> tuple[Json, bool]:
    """PATCH of an object, its status or its scale; the result and whether it was created."""
    if content_type == APPLY_PATCH:
        return _apply(store, at, body, write, force=force)
    live = store.find(at.resource, at.namespace, at.name)
    if live is None:
        raise not_found(at.resource.plural, at.resource.group, at.name)
    base = clone(scale_of(live) if at.subresource == "scale" else live)
    new = _patched(at, base, body, content_type)
    if not isinstance(new.get("metadata"), dict):
        causes = [("FieldValueInvalid", "metadata.name", 'Invalid value: "": field is immutable')]
        raise invalid(at.resource.kind, at.resource.group, at.name, causes)
    if at.resource.plural == "leases":
        why = lease_times.problem(new.get("spec") or {})
        if why:
            raise lease_times.refused_patch(new, why)
    if at.subresource == "scale":
        return scaled(store, at, new, write), False
    if write.validation is not None:
        shown = go_words(body) if content_type == STRATEGIC_PATCH else None
        new = write.validation.patched(at.resource, new, shown)
    if not isinstance(body, dict) or "resourceVersion" not in (body.get("metadata") or {}):
        new["metadata"] = {k: v for k, v in new["metadata"].items() if k != "resourceVersion"}
    return store.update(at.resource, at.namespace, at.name, new, write), False


def _patched(at: Address, base: Json, body: Any, content_type: str) -> Json:
    if content_type == JSON_PATCH:
        return json_patch(base, body)
    if not isinstance(body, dict):
        raise bad_request("the body of a patch is an object")
    if content_type == MERGE_PATCH:
        return dict(merge_patch(base, body))
    if content_type == STRATEGIC_PATCH and at.resource.typed:
        return dict(strategic_patch(base, body))
    if content_type == STRATEGIC_PATCH:
        accepted = ", ".join([JSON_PATCH, MERGE_PATCH, APPLY_PATCH, "application/apply-patch+cbor"])
        message = (
            "the body of the request was in an unknown format - accepted media types include: "
            f"{accepted}"
        )
        raise ApiError(415, "UnsupportedMediaType", message)
    raise ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def _apply(store: Store, at: Address, body: Any, write: Write, *, force: bool) -> tuple[Json, bool]:
    if not write.manager:
        message = "Required value: is required for apply patch"
        causes = [("FieldValueRequired", "fieldManager", message)]
        raise invalid("PatchOptions", "meta.k8s.io", "", causes)
    if not isinstance(body, dict):
        raise bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot "
            "unmarshal array into Go value of type map[string]interface {}"
        )
    document = _applied(at, body)
    live = store.find(at.resource, at.namespace, at.name)
    if live is None and at.subresource:
        raise not_found(at.resource.plural, at.resource.group, at.name)
    owner = (write.manager, "Apply", at.subresource)
    new = applied(live, document, resource=at.resource, owner=owner, force=force, now=now_text)
    owned = Write(
        manager=write.manager,
        subresource=at.subresource,
        dry_run=write.dry_run,
        owned=True,
    )
    if live is None:
        return store.create(at.resource, at.namespace, new, owned), True
    metadata = document["metadata"]
    version = metadata.get("resourceVersion")
    new["metadata"] = {k: v for k, v in new["metadata"].items() if k != "resourceVersion"}
    if version:
        new["metadata"]["resourceVersion"] = version
    if metadata.get("uid"):
        new["metadata"]["uid"] = metadata["uid"]
    return store.update(at.resource, at.namespace, at.name, new, owned), False


def _applied(at: Address, body: Json) -> Json:
    """A document to apply, checked as a whole."""
    document = _checked(at, body)
    metadata = dict(document.get("metadata") or {})
    if metadata.setdefault("name", at.name) != at.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL "
            f"({at.name})"
        )
    if "managedFields" in metadata:
        raise bad_request("metadata.managedFields must be nil")
    if at.resource.namespaced:
        metadata.setdefault("namespace", at.namespace)
    document["metadata"] = metadata
    if at.resource.typed:
        subject = f"{at.namespace}/{at.name}; {at.resource.group_version}, Kind={at.resource.kind}"
        return check_applied(at.resource, document, subject)
    return document


def _checked(at: Address, body: Any) -> Json:
    """A body that is an object of the address's kind."""
    if not isinstance(body, dict):
        raise bad_request("the body of the request is no object")
    kind = body.get("kind", at.resource.kind)
    version = body.get("apiVersion", at.resource.group_version)
    if kind != at.resource.kind:
        raise bad_request(
            f'{kind} in version "{version.rpartition("/")[2]}" cannot be handled as a '
            f"{at.resource.kind}: converting ({version.rpartition('/')[2]}.{kind}) to "
            f"(core.{at.resource.kind}): unknown conversion"
        )
    if version != at.resource.group_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({at.resource.group_version})"
        )
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request(
            f'{kind} in version "{at.resource.version}" cannot be handled as a {kind}: json: '
            f"cannot unmarshal {json_type(metadata)} into Go struct field {kind}.metadata of type "
            "v1.ObjectMeta"
        )
    return {**body, "kind": kind, "apiVersion": version}


def delete(
    store: Store, at: Address, options: Any, query: Mapping[str, str], *, dry_run: bool
) -> Json:
    """DELETE of one object: a Status when it is gone, the object when a finalizer holds it.

    Options stand in the body or in the query.
    """
    given = {**query, **(options if isinstance(options, dict) else {})}
    propagation = str(given.get("propagationPolicy") or "Background")
    if given.get("orphanDependents") in {True, "true"}:
        propagation = "Orphan"
    grace = given.get("gracePeriodSeconds")
    if dry_run or given.get("dryRun"):
        document, gone = store.get(at.resource, at.namespace, at.name), True
    else:
        document, gone = store.delete(
            at.resource,
            at.namespace,
            at.name,
            preconditions=given.get("preconditions"),
            propagation=propagation,
            grace_s=None if grace is None else int(grace),
        )
    if not gone:
        return document
    details = details_of(
        at.resource.plural, at.resource.group, at.name, uid=document["metadata"]["uid"]
    )
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
