"""``sandbox up --control-plane kubernetes``: every stand-in controller works over HTTPS.

On real binaries where ``KUBEBUILDER_ASSETS`` names them. Elsewhere a program that serves the
embedded API, without the parts a kube-controller-manager does, stands in for kube-apiserver: it
proves that the controllers need nothing but the API.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from alb_dr.sandbox.real.control_plane import ASSETS, binaries
from tests.e2e.conftest import Shell
from tests.fakes.control_plane import API_SERVER, ETCD, assets

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
START_S = 120.0


@pytest.fixture
def on_http(shell: Shell, tmp_path: Path) -> Shell:
    """A sandbox over control planes that are processes of their own."""
    folder = binaries() or assets(tmp_path / "bin", etcd=ETCD, kube_apiserver=API_SERVER)
    shell.env[ASSETS] = str(folder)
    words = ("--control-plane", "kubernetes", "--propagation", "0.1")
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port), *words, timeout=START_S)
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    return shell


def test_the_tutorial_and_a_drill_are_the_same_over_http(on_http: Shell) -> None:
    seen = on_http.data("sandbox", "status")
    assert seen["control_plane"] == "kubernetes"
    assert len(seen["control_plane_pids"]) == 6, "etcd and an API server for each of three"
    on_http.ok("distribute", "apply", timeout=120)
    on_http.ok("gateway", "create", timeout=120)
    on_http.ok("ingress", "apply", timeout=120)
    on_http.ok("verify", "--requests", "200")
    on_http.ok("ingress", "set-weights", "50", "50")
    drill = ("failover", "drill", "poc-ack-1", "--yes", "--no-watchdog", "--rate", "100")
    brief = ("--baseline", "1", "--observe", "4", "--headroom", "3")
    young = ("--override", "ADR-SURVIVOR-YOUNG")
    done = on_http.run(*drill, *brief, *young, timeout=120)
    assert done.returncode in {0, 9, 14}, done.stderr
    assert "poc-ack-1 is back: all pods are ready" in done.stderr
    on_http.ok("down", "--yes", timeout=120)
    assert "web-demo" not in on_http.ok("sandbox", "status")
