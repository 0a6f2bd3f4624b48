"""Subresources that are more than a part of their object: scale, binding, finalize."""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.ownership import disowned, updated
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import ApiError, Json, bad_request, details_of, invalid
from alb_dr.sandbox.kube.store import Store


def scale_of(document: Json) -> Json:
    """The Scale of a workload."""
    metadata = document["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = ((document.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    spec: Json = {}
    replicas = (document.get("spec") or {}).get("replicas", 1)
    if replicas:
        spec["replicas"] = replicas
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {k: metadata[k] for k in kept if k in metadata},
        "spec": spec,
        "status": {
            "replicas": (document.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{k}={v}" for k, v in sorted(labels.items())),
        },
    }


def scaled(store: Store, at: Address, scale: Json, write: Write) -> Json:
    """A write of a workload's Scale; the Scale after it."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    version = (scale.get("metadata") or {}).get("resourceVersion")
    live = store.get(at.resource, at.namespace, at.name)
    new = clone(live)
    new.setdefault("spec", {})["replicas"] = replicas
    new["metadata"]["resourceVersion"] = version
    owner = (write.manager, "Update", "scale")
    updated(live, new, resource=at.resource, owner=owner, now=now_text)
    if not replicas:
        # A Scale of 0 has no replicas field: nobody owns what is not there.
        disowned(new, owner)
    writer = Write(manager=write.manager, subresource="scale", dry_run=write.dry_run, owned=True)
    return scale_of(store.update(at.resource, at.namespace, at.name, new, writer))


def bind(store: Store, at: Address, body: Any, write: Write) -> Json:
    """POST to a pod's binding: place it on a node, once."""
    target = (body.get("target") if isinstance(body, dict) else None) or {}
    node, live = target.get("name"), store.get(at.resource, at.namespace, at.name)
    if not node:
        causes = [("FieldValueRequired", "target.name", "Required value")]
        raise invalid("Binding", "", at.name, causes)
    taken = live["spec"].get("nodeName")
    if taken:
        message = (
            f'Operation cannot be fulfilled on pods/binding "{at.name}": pod {at.name} is already '
            f'assigned to node "{taken}"'
        )
        raise ApiError(409, "Conflict", message, details_of("pods/binding", "", at.name))
    placed = {**clone(live), "spec": {**live["spec"], "nodeName": node}}
    owner = Write(manager=write.manager, subresource="binding", dry_run=write.dry_run)
    store.update(at.resource, at.namespace, at.name, placed, owner)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def finalize(store: Store, at: Address, body: Any, write: Write) -> Json:
    """PUT of a namespace's finalizers: one that is to go and is held by nobody is gone."""
    if not isinstance(body, dict):
        raise bad_request("the body of the request is no object")
    document = store.update(at.resource, at.namespace, at.name, clone(body), write)
    held = (document.get("spec") or {}).get("finalizers")
    if document["metadata"].get("deletionTimestamp") and not held and not write.dry_run:
        store.remove(at.resource, document)
    return document
