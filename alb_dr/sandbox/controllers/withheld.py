"""Pods that do not start, and what a kubelet or a scheduler says about it."""

from __future__ import annotations

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers import events
from alb_dr.sandbox.kube.status import Json

NO_IMAGE, NO_NODE = "no-image", "no-node"
REASONS = (NO_IMAGE, NO_NODE)
"""The image is gone; no node has room."""
_NO_ROOM = "0/1 nodes are available: 1 Insufficient cpu."


def refuse(member: KubeClient, pod: Json, *, why: str, node: str) -> None:
    """Leave a pod pending and say why: in its status and in an event."""
    metadata, container = pod["metadata"], pod["spec"]["containers"][0]
    if member.get("pods", metadata["name"], metadata["namespace"]) is None:
        return
    image = str(container.get("image", ""))
    if why == NO_NODE:
        status, reason, message = _unscheduled(), "FailedScheduling", _NO_ROOM
    else:
        member.bind_pod(metadata["name"], metadata["namespace"], node=node)
        status, reason = _without_image(str(container["name"]), image), "Failed"
        message = f'Failed to pull image "{image}": not found'
    member.merge(
        "pods", metadata["name"], {"status": status}, metadata["namespace"], subresource="status"
    )
    events.record(member, pod, reason=reason, message=message, warning=True)


def _unscheduled() -> Json:
    words = {"reason": "Unschedulable", "message": _NO_ROOM}
    scheduled = {"type": "PodScheduled", "status": "False", **words}
    return {"phase": "Pending", "conditions": [scheduled]}


def _without_image(name: str, image: str) -> Json:
    back_off = f'Back-off pulling image "{image}"'
    return {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False"},
        ],
        "containerStatuses": [
            {
                "name": name,
                "image": image,
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": back_off}},
            }
        ],
    }
