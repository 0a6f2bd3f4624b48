"""ApplicationSet → Applications, as Argo CD does it for the cluster and list generators."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.gotemplate import TemplateError, fill
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.selectors import takes
from alb_dr.sandbox.kube.status import Json

SETS = "applicationsets.argoproj.io"
APPLICATIONS = "applications.argoproj.io"
FINALIZER = "resources-finalizer.argocd.argoproj.io"


class ApplicationSetController:
    """Keeps the Applications of every ApplicationSet."""

    def __init__(self, fleet: KubeClient) -> None:
        self._fleet = fleet

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._fleet.subscribe(SETS, APPLICATIONS, "secrets")], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every ApplicationSet in line."""
        for application_set in self._fleet.list(SETS):
            if application_set["metadata"].get("deletionTimestamp"):
                continue
            try:
                wanted = [
                    self._application(application_set, parameters)
                    for parameters in self._generated(application_set)
                ]
            except TemplateError as error:
                message = f"failed to execute go template: {error}"
                self._condition(application_set, message)
                continue
            self._bring_in_line(application_set, wanted)
            self._condition(application_set, None)
        return None

    def _generated(self, application_set: Json) -> Iterator[dict[str, Any]]:
        for generator in application_set["spec"].get("generators") or []:
            if "list" in generator:
                yield from generator["list"].get("elements") or []
            if "clusters" in generator:
                selector = (generator["clusters"] or {}).get("selector") or {}
                yield from self._clusters(selector)

    def _clusters(self, selector: Json) -> Iterator[dict[str, Any]]:
        for secret in self._fleet.list("secrets", "argocd"):
            metadata = secret["metadata"]
            labels = metadata.get("labels") or {}
            if labels.get("argocd.argoproj.io/secret-type") != "cluster":
                continue
            if not takes(selector, labels):
                continue
            coded = secret.get("data") or {}
            data = {key: base64.b64decode(value).decode() for key, value in coded.items()}
            yield {
                "name": data.get("name", metadata["name"]),
                "nameNormalized": data.get("name", metadata["name"]),
                "server": data.get("server", ""),
                "metadata": {"labels": labels, "annotations": metadata.get("annotations") or {}},
            }

    def _application(self, application_set: Json, parameters: dict[str, Any]) -> Json:
        template = fill(application_set["spec"]["template"], parameters)
        sync = application_set["spec"].get("syncPolicy") or {}
        metadata: Json = {
            **template["metadata"],
            "namespace": application_set["metadata"]["namespace"],
            "ownerReferences": [_owner(application_set)],
        }
        if not sync.get("preserveResourcesOnDeletion"):
            metadata["finalizers"] = [FINALIZER]
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": metadata,
            "spec": template["spec"],
        }

    def _bring_in_line(self, application_set: Json, wanted: list[Json]) -> None:
        namespace = application_set["metadata"]["namespace"]
        uid = application_set["metadata"]["uid"]
        live = {
            a["metadata"]["name"]: a
            for a in self._fleet.list(APPLICATIONS, namespace)
            if any(o["uid"] == uid for o in a["metadata"].get("ownerReferences") or [])
        }
        for application in wanted:
            name = application["metadata"]["name"]
            if name not in live and self._fleet.get(APPLICATIONS, name, namespace) is not None:
                # One that an older ApplicationSet left behind is taken over.
                owners = {"ownerReferences": application["metadata"]["ownerReferences"]}
                found = self._fleet.get(APPLICATIONS, name, namespace) or {}
                spec = _replacing(found.get("spec"), application["spec"])
                patch = {"metadata": owners, "spec": spec}
                self._fleet.merge(APPLICATIONS, name, patch, namespace)
            elif name not in live:
                self._fleet.create(APPLICATIONS, application)
            elif live[name]["spec"] != application["spec"]:
                patch = {"spec": _replacing(live[name]["spec"], application["spec"])}
                self._fleet.merge(APPLICATIONS, name, patch, namespace)
        sync = application_set["spec"].get("syncPolicy") or {}
        if sync.get("applicationsSync", "sync") in {"sync", "create-delete"}:
            for name in live.keys() - {a["metadata"]["name"] for a in wanted}:
                self._fleet.delete(APPLICATIONS, name, namespace)

    def _condition(self, application_set: Json, error: str | None) -> None:
        """Say in the status how it went, if that is news."""
        good = error is None
        rows = (
            ("ErrorOccurred", not good, "ApplicationSetUpToDate" if good else _REASON),
            ("ParametersGenerated", good, "ParametersGenerated" if good else _REASON),
            ("ResourcesUpToDate", good, "ApplicationSetUpToDate" if good else _REASON),
        )
        message = error or "All applications have been generated successfully"
        conditions = [
            {"type": t, "status": str(s), "reason": r, "message": message} for t, s, r in rows
        ]
        live = (application_set.get("status") or {}).get("conditions") or []
        bare = [{k: v for k, v in c.items() if k != "lastTransitionTime"} for c in live]
        if json.dumps(bare, sort_keys=True) == json.dumps(conditions, sort_keys=True):
            return
        stamped = [{**c, "lastTransitionTime": now_text()} for c in conditions]
        metadata = application_set["metadata"]
        self._fleet.merge(
            SETS,
            metadata["name"],
            {"status": {"conditions": stamped}},
            metadata["namespace"],
            subresource="status",
        )


_REASON = "RenderTemplateParamsError"


def _replacing(live: Any, wanted: Any) -> Any:
    """The merge patch that leaves of ``live`` exactly what is wanted."""
    if not (isinstance(live, dict) and isinstance(wanted, dict)):
        return wanted
    gone = dict.fromkeys(live.keys() - wanted.keys())
    return {**gone, **{key: _replacing(live.get(key), value) for key, value in wanted.items()}}


def _owner(document: Json) -> Json:
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "name": document["metadata"]["name"],
        "uid": document["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
