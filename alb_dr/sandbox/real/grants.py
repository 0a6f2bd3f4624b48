"""What the users of the kubeconfigs may do, as RBAC objects of a real API."""

from __future__ import annotations

from collections.abc import Sequence

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.kube.status import Json

GROUP = "rbac.authorization.k8s.io"
NAME = "alb-dr-sandbox"
KINDS = {"ClusterRole": "clusterroles", "Role": "roles"}


class Grants:
    """Binds some users to some roles and to nothing else."""

    def __init__(self, client: KubeClient, users: Sequence[str]) -> None:
        self._client = client
        self._subjects = [{"apiGroup": GROUP, "kind": "User", "name": user} for user in users]

    def set(self, roles: Sequence[Json] | None) -> None:
        """Give these roles only; None gives everything. What was given before is taken back."""
        self._take_back()
        if roles is None:
            self._bind({"kind": "ClusterRole", "metadata": {"name": "cluster-admin"}}, NAME)
        for number, role in enumerate(roles or ()):
            self._need_namespace(role)
            self._client.apply(f"{KINDS[role['kind']]}.{GROUP}", role)
            self._bind(role, f"{NAME}-{number}")

    def _bind(self, role: Json, name: str) -> None:
        kind, namespace = role["kind"], role["metadata"].get("namespace")
        metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": NAME}}
        if namespace:
            metadata["namespace"] = namespace
        binding = {
            "apiVersion": f"{GROUP}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role["metadata"]["name"]},
            "subjects": self._subjects,
        }
        self._client.apply(f"{kind.lower()}bindings.{GROUP}", binding)

    def _need_namespace(self, role: Json) -> None:
        namespace = role["metadata"].get("namespace")
        if namespace and self._client.get("namespaces", namespace) is None:
            document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            self._client.create("namespaces", document)

    def _take_back(self) -> None:
        for plural in ("rolebindings", "clusterrolebindings"):
            mine = {"app.kubernetes.io/managed-by": NAME}
            for found in self._client.list(f"{plural}.{GROUP}", "", mine):
                metadata = found["metadata"]
                namespace = metadata.get("namespace") or ""
                self._client.delete(f"{plural}.{GROUP}", metadata["name"], namespace)
