"""Events as controllers write them: one per object and reason, counted."""

from __future__ import annotations

import hashlib
from typing import Any

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json


def record(client: KubeClient, about: Json, *, reason: str, message: str, warning: bool) -> None:
    """Write or count an event about an object."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace") or "default"
    digest = hashlib.sha256(f"{about['kind']}{reason}{message}".encode()).hexdigest()[:16]
    name = f"{metadata['name']}.{digest}"
    now = now_text()
    live = client.get("events", name, namespace)
    if live is not None:
        patch: Json = {"lastTimestamp": now, "count": int(live.get("count", 1)) + 1}
        client.merge("events", name, patch, namespace)
        return
    event: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "uid": metadata["uid"],
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if warning else "Normal",
        "source": {"component": "alb-dr-sandbox"},
        "reportingComponent": "alb-dr-sandbox",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    client.create("events", event)
