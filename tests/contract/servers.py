"""The API servers the contract is held against, started and ended."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from alb_dr.clock import RealClock
from alb_dr.fleet.connect import connect
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from alb_dr.ports import KubeApi
from alb_dr.sandbox.kube.access import Deny
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import FLEET_CRDS
from alb_dr.sandbox.kubeconfig import write_kubeconfig
from alb_dr.sandbox.pki import make_pki, server_context
from alb_dr.sandbox.real.control_plane import ADMIN, ControlPlane
from tests.contract.raw import Raw
from tests.fakes.kube import FakeKube

ADMIN_TOKEN = "contract-admin"
READER_TOKEN = "contract-reader"
READER = "reader"
TOKENS = {ADMIN_TOKEN: ADMIN, READER_TOKEN: READER}
RECORDED_MINOR = 36
"""The 1.x the fake and the embedded API behave like: the recorded answers are of that version."""
WAIT_S = 30.0
"""Longest wait for something a server does on its own."""
POLL_S = 0.05
"""Pause between two looks at a real server."""
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ALB_CONFIGS = "/apis/alibabacloud.com/v1/albconfigs"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"
READS = ("get", "list", "watch")
WRITES = ("create", "update", "patch", "delete", "deletecollection")

Applier = Callable[[str, Manifest, bool], Manifest]
"""Applies under another manager's name; the last argument forces it."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API as the contract uses it."""

    name: str
    port: KubeApi
    apply_as: Applier
    collects_garbage: bool
    """Whether controllers run that delete what has lost its owner."""
    http: Raw | None = None
    """None for an API without sockets."""
    minor: int = RECORDED_MINOR
    """The 1.x of the Kubernetes it is, or behaves like."""
    restrict: Callable[[str], None] = field(default=lambda _namespace: None)
    """Let the reader only read ConfigMaps, and only in this namespace."""
    forgotten: str | None = None
    """A version so old that the API cannot tell any more what came after it; None without one."""
    history: Callable[[], list[str]] | None = None
    """The requests so far, for an API that remembers them."""


def need(api: Api, minor: int, what: str) -> None:
    """Skip a test of what came with Kubernetes 1.``minor`` on an API older than that."""
    if api.minor < minor:
        pytest.skip(f"{what} came with Kubernetes 1.{minor}; this is 1.{api.minor}")


def live(api: Api, manifest: Manifest) -> Manifest:
    """What is stored under a manifest's identity."""
    found = api.port.get(manifest.id)
    assert found is not None
    return found


def fake() -> Api:
    """The fake the workflows are tested with."""
    kube = FakeKube()

    def apply_as(manager: str, manifest: Manifest, force: bool) -> Manifest:
        return kube.as_manager(manager).apply(manifest, force=force)

    return Api(name="fake", port=kube, apply_as=apply_as, collects_garbage=True)


@contextmanager
def embedded(folder: Path) -> Iterator[Api]:
    """The embedded API, in a thread of its own, over HTTPS."""
    cluster = EmbeddedCluster("contract", crds=FLEET_CRDS)
    pki = make_pki(folder)
    tls = server_context(pki)
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        port = await cluster.serve(host="127.0.0.1", port=0, tls=tls, tokens=TOKENS)
        started.set_result((port, partial(loop.call_soon_threadsafe, over.set)))
        await over.wait()
        await cluster.stop_serving()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    port, stop = started.result(WAIT_S)

    def restrict(namespace: str) -> None:
        cluster.deny[:] = [Deny(user=READER, verb=verb) for verb in WRITES]

    def history() -> list[str]:
        return [f"{r.verb} {r.path} {r.status}" for r in cluster.history]

    api = _over_https(
        "embedded",
        folder,
        f"https://127.0.0.1:{port}",
        pki.ca.read_bytes(),
        collects_garbage=True,
        restrict=restrict,
        forgotten="1",
        history=history,
    )
    try:
        yield api
    finally:
        # The client keeps its connections; a server in this process would have to wait for them.
        api.port._transport._manager().clear()  # type: ignore[attr-defined]
        stop()
        thread.join(WAIT_S)


@contextmanager
def real(assets: Path, folder: Path) -> Iterator[Api]:
    """kube-apiserver with etcd, without controllers."""
    with ControlPlane(assets, folder, tokens=TOKENS) as plane:
        raw = Raw(plane.address, plane.ca, ADMIN_TOKEN)
        for crd in FLEET_CRDS:
            _establish(raw, crd)

        def restrict(namespace: str) -> None:
            _grant_reading(raw, namespace)

        yield _over_https(
            "real",
            folder,
            plane.address,
            plane.ca,
            collects_garbage=False,
            restrict=restrict,
            minor=_minor(raw),
        )


def _over_https(name: str, folder: Path, address: str, ca: bytes, **more: Any) -> Api:
    kubeconfig = folder / "contract.kubeconfig"
    write_kubeconfig(kubeconfig, name=name, server=address, ca=ca, token=ADMIN_TOKEN)
    access = KubeAccess(kubeconfig=kubeconfig)
    port = connect(access, label="Fleet", settings=Settings(), clock=RealClock(), environ={})
    raw = Raw(address, ca, ADMIN_TOKEN)

    def apply_as(manager: str, manifest: Manifest, force: bool) -> Manifest:
        from alb_dr.fleet.objects import path_of

        query = {"force": "true"} if force else {}
        reply = raw.apply(path_of(manifest.id), dict(manifest.document), manager, **query)
        assert reply.status in {200, 201}, reply.body
        return Manifest(id=manifest.id, document=reply.body)

    return Api(name=name, port=port, http=raw, apply_as=apply_as, **more)


def _establish(raw: Raw, crd: dict[str, Any]) -> None:
    """Create a custom kind and wait until it is served."""
    name = crd["metadata"]["name"]
    assert raw.post(CRDS, crd).status == 201
    query = {"fieldSelector": f"metadata.name={name}", "timeoutSeconds": str(int(WAIT_S))}
    with raw.watch(CRDS, **query) as events:
        for event in events:
            conditions = (event["object"].get("status") or {}).get("conditions") or []
            if any(c["type"] == "Established" and c["status"] == "True" for c in conditions):
                break
    spec = crd["spec"]
    path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
    until(lambda: raw.get(path).status == 200, f"{name} is served")


def _grant_reading(raw: Raw, namespace: str) -> None:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": READER},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": list(READS)}],
    }
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": READER},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": READER},
        "subjects": [{"apiGroup": group, "kind": "User", "name": READER}],
    }
    assert raw.post(f"{RBAC}/{namespace}/roles", role).status == 201
    assert raw.post(f"{RBAC}/{namespace}/rolebindings", binding).status == 201
    reader = raw.as_user(READER_TOKEN)
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    until(lambda: reader.get(path).status == 200, "the role is in force")


def _minor(raw: Raw) -> int:
    """The 1.x a server says it is; some builds put a plus sign behind it."""
    return int(str(raw.get("/version").body["minor"]).rstrip("+"))


def until(holds: Callable[[], bool], what: str) -> None:
    """Until a server's caches show what was written; they tell nobody when."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(POLL_S)
