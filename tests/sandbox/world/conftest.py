"""One sandbox with the real Envoy for the tests of this folder, driven through its life cycle."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("envoy", reason="the gateway's binary is in the extra 'sandbox'")

from alb_dr.sandbox import lifecycle
from alb_dr.sandbox.options import EmptyGroup, SandboxOptions

PROGRAM = str(Path(sys.executable).parent / "alb-dr")
HOST = "alb.ingress.alibaba.com"
PREFIX = "alb.ingress.kubernetes.io/"
MEMBERS = ("poc-ack-1", "poc-ack-2")


@dataclass
class Stage:
    """A running sandbox and the ways a test acts on it."""

    folder: Path
    options: SandboxOptions

    @property
    def ids(self) -> list[str]:
        """The members' cluster ids, in order."""
        return [member.id for member in self.options.placed()]

    def kubectl(self, cluster: str, *words: str, document: Any = None) -> str:
        """Run kubectl against the Fleet or a member; what it printed."""
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.folder / f"{cluster}.kubeconfig"), *words],
            input=None if document is None else json.dumps(document),
            capture_output=True,
            text=True,
            timeout=30,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder)},
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def apply(self, *documents: dict[str, Any], cluster: str = "fleet") -> None:
        """Apply documents with kubectl."""
        for document in documents:
            self.kubectl(cluster, "apply", "-f", "-", document=document)

    def get(self, cluster: str, *words: str) -> dict[str, Any]:
        """An object as kubectl shows it."""
        found: dict[str, Any] = json.loads(self.kubectl(cluster, "get", *words, "-o", "json"))
        return found

    def set_weights(self, *weights: int, name: str = "web-demo") -> None:
        """Change the weights of an Ingress in one patch."""
        pairs = [
            f"{PREFIX}cluster-weight.{id_}={weight}"
            for id_, weight in zip(self.ids, weights, strict=True)
        ]
        words = ("annotate", "--overwrite", "-n", "gateway-demo", "ingress", name, *pairs)
        self.kubectl("fleet", *words)

    def scale(self, member: str, replicas: int) -> None:
        """Scale the demo in a member."""
        words = ("scale", "-n", "gateway-demo", "deployment/web-demo", f"--replicas={replicas}")
        self.kubectl(member, *words)

    def ask(self, count: int = 100, path: str = "/svc1", **headers: str) -> Counter[str]:
        """Send requests on one connection; answers by member name, else by status."""
        seen: Counter[str] = Counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.options.gateway_port, timeout=5)
        for _ in range(count):
            try:
                connection.request("GET", path, headers={"Host": HOST, **headers})
                answer = connection.getresponse()
                body = answer.read().decode()
            except OSError as error:
                seen[type(error).__name__] += 1
                connection.close()
                continue
            found = [name for name in MEMBERS if name in body]
            seen[found[0] if answer.status == 200 and found else str(answer.status)] += 1
        connection.close()
        return seen

    def until(self, holds: Callable[[Counter[str]], bool], *, seconds: float = 15) -> Counter[str]:
        """Send requests until the answers are as wanted; the last answers."""
        end = time.monotonic() + seconds
        while not holds(seen := self.ask()):
            assert time.monotonic() < end, f"still {dict(seen)} after {seconds} s"
        return seen

    def until_true(self, holds: Callable[[], bool], *, seconds: float = 15) -> None:
        """Look until something is true."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"not true after {seconds} s"
            time.sleep(0.05)

    def warnings(self, ingress: str) -> list[str]:
        """The messages of the Warning events about an Ingress."""
        events = self.get("fleet", "events", "-n", "gateway-demo")["items"]
        return [
            e["message"]
            for e in events
            if e["type"] == "Warning" and e["involvedObject"]["name"] == ingress
        ]

    def ingress(self, name: str = "web-demo", **changes: Any) -> dict[str, Any]:
        """The tutorial's Ingress, or one like it."""
        weights = dict(zip(self.ids, changes.get("weights", (20, 80)), strict=True))
        annotations = {f"{PREFIX}cluster-weight.{k}": str(v) for k, v in weights.items()}
        port = changes.get("port", self.options.gateway_port)
        annotations[PREFIX + "listen-ports"] = json.dumps([{"HTTP": port}])
        annotations |= {PREFIX + k: v for k, v in changes.get("annotations", {}).items()}
        service = {"name": changes.get("service", "service1"), "port": {"number": 80}}
        path = {
            "path": changes.get("path", "/svc1"),
            "pathType": "Prefix",
            "backend": {"service": service},
        }
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name, "namespace": "gateway-demo", "annotations": annotations},
            "spec": {
                "ingressClassName": "alb",
                "rules": [{"host": HOST, "http": {"paths": [path]}}],
            },
        }

    def tutorial(self) -> None:
        """Bring up what the tutorial brings up, with kubectl alone."""
        project = yaml.safe_load((self.folder / "alb-dr.yaml").read_text())
        gateway, remote = project["gateway"], ",".join(self.ids)
        self.apply(
            _application_set(project),
            {
                "apiVersion": "alibabacloud.com/v1",
                "kind": "AlbConfig",
                "metadata": {
                    "name": gateway["name"],
                    "annotations": {PREFIX + "remote-clusters": remote},
                },
                "spec": {
                    "config": {
                        "name": "one-alb-demo",
                        "zoneMappings": gateway["zoneMappings"],
                    },
                    "listeners": gateway["listeners"],
                },
            },
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "IngressClass",
                "metadata": {"name": "alb"},
                "spec": {
                    "controller": "ingress.k8s.alibabacloud/alb",
                    "parameters": {
                        "apiGroup": "alibabacloud.com",
                        "kind": "AlbConfig",
                        "name": gateway["name"],
                    },
                },
            },
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": "gateway-demo"},
            },
        )
        for member in MEMBERS:
            self.until_true(lambda member=member: self.serving_pods(member) == 2)
        self.apply(self.ingress())
        self.until(lambda seen: seen == {"poc-ack-1": 20, "poc-ack-2": 80})

    def ready_pods(self, member: str) -> int:
        """Ready pods of the demo in a member."""
        items = self.get(member, "deployments", "-n", "gateway-demo")["items"]
        return sum(d.get("status", {}).get("readyReplicas", 0) for d in items)

    def serving_pods(self, member: str) -> int:
        """Ready pods that are endpoints, too: those that come later begin a new count."""
        slices = self.get(member, "endpointslices", "-n", "gateway-demo")["items"]
        found = [e for s in slices for e in s.get("endpoints") or [] if e["conditions"]["ready"]]
        return min(len(found), self.ready_pods(member))


def _application_set(project: dict[str, Any]) -> dict[str, Any]:
    application = project["application"]
    parameters = [{"name": n, "value": v} for n, v in application["parameters"].items()]
    secret_type = {
        "key": "argocd.argoproj.io/secret-type",
        "operator": "In",
        "values": ["cluster"],
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "appset-web-demo", "namespace": "argocd"},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{"clusters": {"selector": {"matchExpressions": [secret_type]}}}],
            "template": {
                "metadata": {"name": "{{.metadata.annotations.cluster_id}}-web-demo"},
                "spec": {
                    "project": "default",
                    "destination": {"name": "{{.name}}", "namespace": "gateway-demo"},
                    "source": {
                        "repoURL": application["repository"],
                        "path": application["path"],
                        "targetRevision": "main",
                        "helm": {"parameters": parameters},
                    },
                    "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]},
                },
            },
        },
    }


def _stage(empty_group: EmptyGroup) -> Iterator[Stage]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    parent = Path(tempfile.mkdtemp(prefix="adr-world-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = SandboxOptions(gateway_port=port, empty_group=empty_group)
    stage = Stage(folder=parent / "alb-dr" / "sandbox", options=options)
    words = ("sandbox", "up", "--gateway-port", str(port), "--empty-group", str(empty_group))
    try:
        # By the command line, so that the world is not a child of the tests.
        subprocess.run(
            [PROGRAM, *words],
            env={"PATH": "/usr/bin:/bin", "HOME": str(parent), "XDG_STATE_HOME": str(parent)},
            check=True,
            capture_output=True,
            timeout=60,
        )
        stage.tutorial()
        yield stage
    finally:
        lifecycle.down(stage.folder)
        shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_stage() -> Iterator[Stage]:
    """A sandbox in which the tutorial is done, for the tests of one module."""
    yield from _stage(EmptyGroup.SPILL)


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The module's sandbox; faults, weights and pods are as they were afterwards."""
    yield shared_stage
    lifecycle.clear(shared_stage.folder)
    lifecycle.distort(shared_stage.folder, {})
    for member in MEMBERS:
        shared_stage.scale(member, 2)
        shared_stage.until_true(lambda member=member: shared_stage.serving_pods(member) == 2)
    shared_stage.set_weights(20, 80)
    shared_stage.until(lambda seen: seen == {"poc-ack-1": 20, "poc-ack-2": 80})


@pytest.fixture
def strict_stage() -> Iterator[Stage]:
    """A sandbox that answers 503 for the share of a member without endpoints."""
    yield from _stage(EmptyGroup.UNAVAILABLE)
