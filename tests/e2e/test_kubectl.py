"""kubectl works on the sandbox as it comes, without flags of ours."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]

MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: extra, namespace: extra}
spec:
  replicas: 1
  selector: {matchLabels: {app: extra}}
  template:
    metadata: {labels: {app: extra}}
    spec: {containers: [{name: c, image: "demo:1"}]}
"""


class Kubectl:
    """kubectl with a home of its own."""

    def __init__(self, kubeconfig: Path, home: Path) -> None:
        self._words = ["kubectl", "--kubeconfig", str(kubeconfig)]
        self._env = {"HOME": str(home), "PATH": "/usr/bin:/bin:/usr/local/bin"}

    def __call__(self, *words: str, code: int = 0, stdin: str | None = None) -> str:
        done = subprocess.run(
            [*self._words, *words],
            env=self._env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


def test_kubectl_sees_the_gateway_as_the_tutorial_shows_it(tutorial: Shell, tmp_path: Path) -> None:
    kubectl = Kubectl(tutorial.folder / "fleet.kubeconfig", tmp_path)
    table = kubectl("get", "albconfig", "ackone-gateway-demo")
    assert table.split()[:5] == ["NAME", "ALBID", "DNSNAME", "PORT&PROTOCOL", "CERTID"]
    path = "jsonpath={.status.loadBalancer.subClusters}"
    assert kubectl("get", "albconfig", "ackone-gateway-demo", "-o", path).count('"c') == 2
    assert "web-demo" in kubectl("get", "ingress,applications,appset", "-A", "-o", "name")
    assert "cluster-weight" in kubectl("describe", "ingress", "web-demo", "-n", "gateway-demo")
    assert "SuccessfullyReconciled" in kubectl("get", "events", "-A")
    assert "albconfigs" in kubectl("api-resources")


def test_a_complaint_is_past_when_the_weights_are_mended(tutorial: Shell, tmp_path: Path) -> None:
    kubectl = Kubectl(tutorial.folder / "fleet.kubeconfig", tmp_path)
    tutorial.ok("check", "--wait")
    member = kubectl("get", "managedclusters", "-o", "jsonpath={.items[0].metadata.name}")
    weight = f"alb.ingress.kubernetes.io/cluster-weight.{member}=150"
    kubectl("annotate", "ingress", "web-demo", "-n", "gateway-demo", "--overwrite", weight)
    assert_soon(lambda: "must be 100" in complaints(tutorial))
    tutorial.ok("ingress", "set-weights", "20", "80", "--yes")
    # Nothing of the rules has changed in the end: only the event tells that all is well again.
    tutorial.ok("check", "--only", "ADR-INGRESS-EVENT", "--wait")
    assert complaints(tutorial) == ""


def complaints(shell: Shell) -> str:
    """What the check of the Ingress' events has seen."""
    done = shell.run("check", "--only", "ADR-INGRESS-EVENT", "-o", "short")
    assert done.returncode in {0, 9}, done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if "ADR-INGRESS-EVENT" in line)


def assert_soon(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Look until something is true."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not true after {seconds} s"


def test_kubectl_works_on_a_member(tutorial: Shell, tmp_path: Path) -> None:
    kubectl = Kubectl(tutorial.folder / "poc-ack-1.kubeconfig", tmp_path)
    file = tmp_path / "extra.yaml"
    file.write_text(MANIFEST)
    kubectl("create", "namespace", "extra")
    literals = ("--from-literal", "flips=forbidden", "--from-literal", "empty=")
    kubectl("create", "configmap", "switch", "-n", "extra", *literals)
    data = kubectl("get", "configmap", "switch", "-n", "extra", "-o", "jsonpath={.data}")
    assert data == '{"empty":"","flips":"forbidden"}'
    assert "created" in kubectl("apply", "-f", str(file))
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/extra", "-n", "extra")
    assert "unchanged" in kubectl("apply", "-f", str(file))
    file.write_text(MANIFEST.replace("demo:1", "demo:2"))
    assert "+      - image: demo:2" in kubectl("diff", "-f", str(file), code=1)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    kubectl("rollout", "status", "deploy/extra", "-n", "extra")
    kubectl("scale", "deploy/extra", "--replicas", "2", "-n", "extra")
    kubectl("wait", "deploy/extra", "-n", "extra", "--for", "condition=Available", "--timeout=20s")
    for kind, patch in (
        ("strategic", '{"spec": {"replicas": 1}}'),
        ("merge", '{"metadata": {"labels": {"x": "y"}}}'),
        ("json", '[{"op": "add", "path": "/metadata/labels/z", "value": "1"}]'),
    ):
        kubectl("patch", "deploy", "extra", "-n", "extra", "--type", kind, "-p", patch)
    kubectl("label", "deploy", "extra", "-n", "extra", "a=b")
    kubectl("annotate", "deploy", "extra", "-n", "extra", "q=z")
    labelled = kubectl("get", "deploy", "-n", "extra", "-l", "a=b,x=y,z=1", "-o", "wide")
    assert "demo:2" in labelled
    assert kubectl("get", "pods", "-n", "extra", "-o", "json").count('"kind": "Pod"') >= 1
    assert kubectl("auth", "can-i", "get", "pods").strip() == "yes"
    assert "*.*" in kubectl("auth", "can-i", "--list")
    kubectl("delete", "-f", str(file))
    kubectl("delete", "namespace", "extra", "--timeout=20s")
    assert "extra" not in kubectl("get", "ns", "-o", "name")
