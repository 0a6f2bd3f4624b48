"""A gateway to measure against: Envoy with one worker, pods that answer at once, all on loopback.

The gateway and the pods are pinned to the first core and every client to the last, so that no
client wins by taking the gateway's time.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alb_dr.model.gateway import GatewayAddress
from alb_dr.model.load import Target
from alb_dr.sandbox.envoy import envoy_program

HOST, PATH = "alb.ingress.alibaba.com", "/svc1"
CORES = sorted(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where to send requests, and the process id of the pods behind it (to freeze them)."""

    port: int
    pods: int

    @property
    def url(self) -> str:
        """The address for other clients; they set the Host themselves."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def target(self, **changes: Any) -> Target:
        """The address for our prober."""
        address = GatewayAddress(dns_name="127.0.0.1", port=self.port, host=HOST, path=PATH)
        return Target(address=address, member_names=("poc-ack-1", "poc-ack-2"), **changes)


@contextmanager
def gateway(*, behind: bool = False) -> Iterator[Gateway]:
    """An Envoy that answers by itself, or with ``behind`` one in front of another."""
    with tempfile.TemporaryDirectory(prefix="adr-") as folder:
        ports = [_free_port(), _free_port()]
        answer = _listener(ports[0], {"direct_response": _direct()})
        running = [_start(Path(folder), 0, {"listeners": [answer]})]
        try:
            if behind:
                front = _listener(ports[1], {"route": {"cluster": "pods", "timeout": "30s"}})
                clusters = [_cluster("pods", ports[0])]
                running.append(
                    _start(Path(folder), 1, {"listeners": [front], "clusters": clusters})
                )
            port = ports[1] if behind else ports[0]
            _await(port)
            yield Gateway(port=port, pods=running[0].pid)
        finally:
            for process in running:
                process.kill()
                process.wait()


def pin_client() -> None:
    """Move this process to the clients' core."""
    os.sched_setaffinity(0, {CORES[-1]})


def peer(name: str) -> str | None:
    """Another client's program: from PATH, this environment, or the folder ``ADR_PEERS``."""
    places = [os.environ.get("ADR_PEERS", ""), str(Path(sys.executable).parent)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


def run_client(words: Sequence[str], **environment: str) -> str:
    """Run another client on the clients' core; what it printed."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=180, preexec_fn=pin_client,
        env={**os.environ, "K6_NO_USAGE_REPORT": "true", **environment},
    )  # fmt: skip
    return done.stdout


def _start(folder: Path, number: int, resources: dict[str, Any]) -> subprocess.Popen[bytes]:
    config = folder / f"envoy-{number}.json"
    config.write_text(json.dumps({"static_resources": resources}))
    words = [
        str(envoy_program()), "-c", str(config), "--concurrency", "1", "--log-level", "error",
        "--base-id", str(os.getpid() % 30_000 * 2 + number), "--disable-hot-restart",
    ]  # fmt: skip
    pinned = {CORES[0]}
    return subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, pinned),
    )  # fmt: skip


def _direct() -> dict[str, Any]:
    return {"status": 200, "body": {"inline_string": "Hello from poc-ack-1 (pod web-demo-7f)\n"}}


def _listener(port: int, action: dict[str, Any]) -> dict[str, Any]:
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = "envoy.extensions.filters.http.router.v3.Router"
    route = {"match": {"prefix": "/"}, **action}
    return {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{
            "name": "hcm",
            "typed_config": {
                "@type": f"type.googleapis.com/{manager}",
                "stat_prefix": "b",
                "route_config": {
                    "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]
                },
                "http_filters": [{
                    "name": "router",
                    "typed_config": {"@type": f"type.googleapis.com/{router}"},
                }],
            },
        }]}],
    }  # fmt: skip


def _cluster(name: str, port: int) -> dict[str, Any]:
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    limits = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), 65_536
    )
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise TimeoutError("Envoy does not listen")
