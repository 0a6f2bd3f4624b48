"""Up, down, status, faults: what the command line does with a sandbox. Synchronous."""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput, Conflict, Unreachable
from alb_dr.sandbox.argo import ArgoOrder
from alb_dr.sandbox.cloud.faults import CloudFault
from alb_dr.sandbox.control import ask
from alb_dr.sandbox.envoy import envoy_program
from alb_dr.sandbox.options import ControlPlaneKind, SandboxOptions
from alb_dr.sandbox.processes import end, is_alive, memory_kib, started_at
from alb_dr.sandbox.real.control_plane import START_S
from alb_dr.sandbox.scalers import ScalerOptions

UP_S = 30.0
"""Longest the world may take to come up; two seconds are usual."""
LONGEST_PATH = 90
"""Bytes of the folder's name; a socket file's name may have 107."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxInfo:
    """A running sandbox."""

    folder: Path
    config: Path
    pid: int
    facts: dict[str, Any] = field(default_factory=dict)


def up(folder: Path, options: SandboxOptions) -> SandboxInfo:
    """Start a sandbox and return when it is ready.

    Conflict when one runs already, BadInput without Envoy or with a taken port, Unreachable with
    the world's last words when it does not come up. What a killed sandbox left is cleaned first.
    """
    envoy_program()
    if len(str(folder)) > LONGEST_PATH:
        raise BadInput(f"the folder's name is too long for a socket: {folder}")
    running = find(folder)
    if running is not None:
        raise Conflict(
            f"a sandbox is running already (process {running.pid}, {folder})",
            hint="use it, or end it: alb-dr sandbox down",
            code="ADR-SANDBOX-RUNNING",
        )
    _clean(folder)
    _check_port(options.gateway_port)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options.write(folder / "options.json")
    with (folder / "world.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "alb_dr.sandbox.daemon", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    started = started_at(process.pid)
    try:
        real = options.control_plane is ControlPlaneKind.KUBERNETES
        return _await_ready(folder, process, START_S if real else UP_S)
    except BaseException:
        # Also when the person interrupts: a half-started world must not stay.
        end(process.pid, started, patience_s=5)
        _clean(folder)
        raise


def _await_ready(folder: Path, process: subprocess.Popen[bytes], longest_s: float) -> SandboxInfo:
    until = time.monotonic() + longest_s
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        found = find(folder)
        if found is not None:
            # The world outlives us on purpose; nobody here will ever wait for it.
            process.returncode = 0
            return found
        time.sleep(0.02)
    text = (folder / "world.log").read_text(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    raise Unreachable(
        f"the sandbox did not come up: {lines[-1] if lines else 'it said nothing'}",
        hint="try again; if it stays, report it",
    )


def find(folder: Path) -> SandboxInfo | None:
    """The sandbox running in a folder, or None."""
    facts = _facts(folder)
    if facts is None or not is_alive(int(facts["pid"]), str(facts["started"])):
        return None
    return SandboxInfo(
        folder=folder, config=Path(facts["config"]), pid=int(facts["pid"]), facts=facts
    )


def require(folder: Path) -> SandboxInfo:
    """The sandbox running in a folder; BadInput when there is none."""
    found = find(folder)
    if found is None:
        raise BadInput("no sandbox is running", hint="start one: alb-dr sandbox up")
    return found


def down(folder: Path) -> bool:
    """End the sandbox; True when one was running. Nothing of it is left, also after a crash."""
    running = find(folder)
    if running is not None:
        end(running.pid, str(running.facts["started"]), patience_s=10)
    _clean(folder)
    return running is not None


def status(folder: Path) -> dict[str, Any]:
    """What runs and how much memory it takes (KiB); BadInput when nothing runs."""
    running = require(folder)
    seen = ask(folder / "control.sock", {"do": "status"})
    pids = [running.pid, int(seen["envoy_pid"] or 0), *seen["control_plane_pids"]]
    pids += [pid for member in seen["members"] for pid in member["pids"]]
    memory = sum(memory_kib(pid) for pid in pids)
    return {**running.facts, **seen, "processes": len(pids), "memory_kib": memory}


def inject(folder: Path, fault: str, member: str, value: int = 0) -> dict[str, Any]:
    """Do a fault to a member; ``value`` is milliseconds for slow, percent for errors, requests per
    second of each pod for capacity."""
    require(folder)
    request = {"do": "inject", "fault": fault, "member": member, "value": value}
    return ask(folder / "control.sock", request)


def clear(folder: Path, member: str | None = None) -> dict[str, Any]:
    """Take the faults of one member, or of all, back."""
    require(folder)
    return ask(folder / "control.sock", {"do": "clear", "member": member})


def bind(folder: Path, roles: Mapping[str, Sequence[Any]] | None) -> dict[str, Any]:
    """Give the kubeconfigs' users only these RBAC roles (``fleet``, ``member``); None: all."""
    require(folder)
    return ask(folder / "control.sock", {"do": "bind", **(roles or {})})


def scaler(folder: Path, member: str, options: ScalerOptions) -> dict[str, Any]:
    """Give a member's demo this autoscaler instead of the one it has."""
    require(folder)
    request = {"do": "scaler", "member": member, "options": asdict(options)}
    return ask(folder / "control.sock", request)


def argo(folder: Path, order: ArgoOrder) -> dict[str, Any]:
    """Change what Argo CD does on the Fleet."""
    require(folder)
    return ask(folder / "control.sock", {"do": "argo", "order": asdict(order)})


def cloud_fault(folder: Path, fault: CloudFault) -> dict[str, Any]:
    """Make the stand-in cloud misbehave."""
    require(folder)
    return ask(folder / "control.sock", {"do": "cloud-fault", "fault": asdict(fault)})


def cloud_clear(folder: Path) -> dict[str, Any]:
    """Let the stand-in cloud behave again."""
    require(folder)
    return ask(folder / "control.sock", {"do": "cloud-clear"})


def cloud_exports(folder: Path) -> str:
    """The lines that lead a shell's SDKs to the stand-in cloud."""
    require(folder)
    return (folder / "cloud.env").read_text()


def distort(folder: Path, weights: dict[str, int]) -> dict[str, Any]:
    """Make the gateway split by other weights than the Ingress says; empty undoes it."""
    require(folder)
    return ask(folder / "control.sock", {"do": "distort", "weights": weights})


def _facts(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / "world.json").read_text())
    except (OSError, ValueError):
        return None
    return (
        found if isinstance(found, dict) and {"pid", "started", "config"} <= found.keys() else None
    )


def _clean(folder: Path) -> None:
    """Remove what an ended or killed sandbox left: its gateway's process and its files."""
    if not (folder / "lock").exists() and not (folder / "options.json").exists():
        return
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"a sandbox is starting or ending in {folder}", hint="wait a moment, try again"
            ) from None
    _end_orphaned_gateway(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _end_orphaned_gateway(folder: Path) -> None:
    """End an Envoy whose world was killed, where the system did not do it."""
    facts = _facts(folder) or {}
    pid = int(facts.get("envoy_pid") or 0)
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return
    if str(folder / "envoy" / "bootstrap.json").encode() in words:
        end(pid, started_at(pid), patience_s=3)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadInput(
                f"port {port} of this machine is taken",
                hint="free it, or choose another one with --gateway-port",
                code="ADR-PORT",
            ) from None


def free_port(preferred: int) -> int:
    """``preferred`` if it is free, else any free port of this machine."""
    try:
        _check_port(preferred)
    except BadInput:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])
    return preferred
