"""A gateway to measure against: Envoy with one worker that answers at once, on loopback.

Gateway and clients are placed by the system, as when people run them: a client that needs
more of the machine has less left for the gateway, and that is part of the comparison.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Where to send requests, and the process id of what answers (to freeze it)."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """The address for other clients; they set the Host themselves."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def target(self, **changes: Any) -> Target:
        """The address for our prober."""
        address = GatewayAddress(dns_name="127.0.0.1", port=self.port, host=HOST, path=PATH)
        return Target(address=address, member_names=("poc-ack-1", "poc-ack-2"), **changes)


@contextmanager
def gateway() -> Iterator[Gateway]:
    """An Envoy that answers as a pod would, without anything behind it."""
    with tempfile.TemporaryDirectory(prefix="adr-") as folder:
        port = _free_port()
        process = _start(Path(folder), {"listeners": [_listener(port)]})
        try:
            _await(port)
            yield Gateway(port=port, pid=process.pid)
        finally:
            process.kill()
            process.wait()


def peer(name: str) -> str | None:
    """Another client's program: from PATH, this environment, or the folder ``ADR_PEERS``."""
    places = [os.environ.get("ADR_PEERS", ""), str(Path(sys.executable).parent)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


def run_client(words: Sequence[str], **environment: str) -> str:
    """Run another client, on the core of its parent; what it printed."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=180,
        env={**os.environ, "K6_NO_USAGE_REPORT": "true", **environment},
    )  # fmt: skip
    return done.stdout


_NO_STATS = {"stats_matcher": {"reject_all": True}}
"""The gateway must not be what limits the clients that are compared: it counts nothing."""


def _start(folder: Path, resources: dict[str, Any]) -> subprocess.Popen[bytes]:
    config = folder / "envoy.json"
    config.write_text(json.dumps({"static_resources": resources, "stats_config": _NO_STATS}))
    words = [
        str(envoy_program()), "-c", str(config), "--concurrency", "1", "--log-level", "error",
        "--disable-hot-restart",
    ]  # fmt: skip
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _direct() -> dict[str, Any]:
    return {"status": 200, "body": {"inline_string": "Hello from poc-ack-1 (pod web-demo-7f)\n"}}


def _listener(port: int) -> dict[str, Any]:
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = "envoy.extensions.filters.http.router.v3.Router"
    route = {"match": {"prefix": "/"}, "direct_response": _direct()}
    return {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{
            "name": "hcm",
            "typed_config": {
                "@type": f"type.googleapis.com/{manager}",
                "stat_prefix": "b",
                "generate_request_id": False,
                "server_header_transformation": "PASS_THROUGH",
                "route_config": {
                    "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]
                },
                "http_filters": [{
                    "name": "router",
                    "typed_config": {
                        "@type": f"type.googleapis.com/{router}",
                        "dynamic_stats": False,
                        "suppress_envoy_headers": True,
                    },
                }],
            },
        }]}],
    }  # fmt: skip


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
