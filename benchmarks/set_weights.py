"""Weights of 1,000 Ingresses: one `set-weights --all` beside a loop of `kubectl annotate`.

On one embedded API, in one run. Of the loop LOOPED rounds are measured and scaled: each is a
process of its own that does the same, so a thousand take a thousand times as long.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INGRESSES, LOOPED, GOAL = 1_000, 30, 20
PROGRAM = str(Path(sys.executable).parent / "alb-dr")
KEY = "alb.ingress.kubernetes.io/cluster-weight."


def main() -> None:
    """Measure and print."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("kubectl is absent: skipped")
        return
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    env = {**os.environ, "XDG_STATE_HOME": str(state), "CI": "true"}
    try:
        _run([PROGRAM, "sandbox", "up", "--gateway-port", str(_free_port())], env)
        folder = state / "alb-dr" / "sandbox"
        env |= {"ALB_DR_CONFIG": str(folder / "alb-dr.yaml")}
        env |= {"KUBECONFIG": str(folder / "fleet.kubeconfig"), "HOME": str(state)}
        rendered = json.loads(_run([PROGRAM, "ingress", "render", "-o", "json"], env))
        manifests = rendered["data"]["manifests"]
        _make([kubectl], env, manifests)
        bulk = _timed([PROGRAM, "ingress", "set-weights", "30", "70", "--all"], env)
        members = [k for k in manifests[-1]["metadata"]["annotations"] if k.startswith(KEY)]
        words = [kubectl, "annotate", "--overwrite", "-n", "gateway-demo", "ingress"]
        loop = sum(
            _timed([*words, f"bulk-{n}", f"{members[0]}=20", f"{members[1]}=80"], env)
            for n in range(LOOPED)
        )
        scaled = loop / LOOPED * INGRESSES
        ratio = scaled / bulk
        print(f"set-weights --all, {INGRESSES} Ingresses   {bulk:7.2f} s")
        print(f"kubectl annotate, {LOOPED} of them, scaled  {scaled:7.2f} s")
        print(f"{ratio:.0f} times faster   goal >= {GOAL}: {'met' if ratio >= GOAL else 'MISSED'}")
    finally:
        subprocess.run([PROGRAM, "sandbox", "down"], env=env, capture_output=True)
        shutil.rmtree(state, ignore_errors=True)


def _make(kubectl: list[str], env: dict[str, str], manifests: list[dict[str, object]]) -> None:
    """A namespace and the Ingresses, all with the rendered one's weights."""
    items = [m for m in manifests if m["kind"] == "Namespace"]
    model = json.dumps(next(m for m in manifests if m["kind"] == "Ingress"))
    for n in range(INGRESSES):
        one = json.loads(model)
        one["metadata"]["name"] = f"bulk-{n}"
        one["spec"]["rules"][0]["host"] = f"host-{n}.example.com"
        items.append(one)
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    subprocess.run(
        [*kubectl, "create", "--validate=false", "-f", "-"],
        input=text, env=env, text=True, check=True, capture_output=True, timeout=300,
    )  # fmt: skip


def _timed(words: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    _run(words, env)
    return time.perf_counter() - began


def _run(words: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
