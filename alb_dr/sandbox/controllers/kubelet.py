"""Pods → processes: starts them, reports them ready, starts them again when they die."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.deployment_status import is_leaving
from alb_dr.sandbox.controllers.pod_network import shown
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.controllers.withheld import refuse
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import ApiError, Json
from alb_dr.sandbox.processes import die_with_parent

PROGRAM = Path(__file__).resolve().parents[1] / "pod.py"
HOST = "127.0.0.1"
"""The node's own address."""
PORT = 8080
"""What the demo's container listens on."""
END_S = 3.0
"""Longest a pod may take to end before it is killed."""
START_S = 10.0
"""Longest a pod may take to listen."""
HELD_S = 0.1
"""Between two looks whether a fault that holds pods is taken back."""
RETRY_S = 0.5
"""Pause before a status that could not be written is written again."""
NOTICE_S = 1.0
"""From the death of a pod to the moment it is reported not ready."""


@dataclass
class _Run:
    """One pod's process."""

    pod: Json
    address: str = ""
    process: Process | None = None
    task: asyncio.Task[None] | None = None
    restarts: int = 0
    ready: bool = False
    leaving: bool = False
    refused: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Kubelet:
    """All pods of one member."""

    def __init__(self, member: KubeClient, *, node: str) -> None:
        self._member = member
        self._node = node
        self._runs: dict[str, _Run] = {}
        self._held_down = False
        self._frozen = False
        self._withheld: str | None = None
        self._sticky = False
        self._orders: dict[str, int] = {}
        self._registered = False
        self._leavers: set[asyncio.Task[None]] = set()

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._member.subscribe("pods")], self.reconcile)

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        runs = self._runs.values()
        return [r.process.pid for r in runs if r.process and r.process.returncode is None]

    async def reconcile(self) -> float | None:
        """Start a process for every new pod; end those whose pod is gone or to go."""
        if not self._registered:
            self._register()
        pods = {p["metadata"]["uid"]: p for p in self._member.list("pods")}
        live = {uid: pod for uid, pod in pods.items() if not is_leaving(pod)}
        for uid in self._runs.keys() - live.keys():
            run = self._runs.pop(uid)
            leaver = asyncio.create_task(self._dismiss(run))
            self._leavers.add(leaver)
            leaver.add_done_callback(self._leavers.discard)
        for uid, pod in live.items():
            if uid not in self._runs:
                run = _Run(pod=pod)
                self._runs[uid] = run
                run.task = asyncio.create_task(self._keep(run))
        return None

    def _register(self) -> None:
        """Make the node known: nothing is routed to pods on a node that nobody knows."""
        if self._member.get("nodes", self._node) is None:
            metadata = {"name": self._node, "labels": {"kubernetes.io/hostname": self._node}}
            node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}}
            self._member.create("nodes", node)
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        status = {"conditions": [ready], "addresses": [{"type": "InternalIP", "address": HOST}]}
        self._member.merge("nodes", self._node, {"status": status}, subresource="status")
        self._registered = True

    async def stop(self) -> None:
        """End every process."""
        runs, self._runs = list(self._runs.values()), {}
        leavers = tuple(self._leavers)
        await asyncio.gather(*(self._end(run) for run in runs))
        if leavers:
            # Their processes end within _end's patience; an API that is away is not waited for.
            await asyncio.wait(leavers, timeout=END_S)
        for leaver in leavers:
            leaver.cancel()

    # faults ------------------------------------------------------------------------------------

    def kill_all(self) -> None:
        """SIGKILL every pod and start none until ``clear``."""
        self._held_down = True
        for run in self._runs.values():
            _send(run, signal.SIGKILL)

    def freeze_all(self) -> None:
        """SIGSTOP every pod: connections hang, and nobody reports anything."""
        self._frozen = True
        for run in self._runs.values():
            _send(run, signal.SIGSTOP)

    def withhold(self, why: str) -> None:
        """Start no pod from now on, and say why (``withheld.REASONS``). Running ones stay."""
        self._withheld = why

    def hold_on(self) -> None:
        """End no pod from now on: those to go stay terminating, as behind a long preStop hook."""
        self._sticky = True

    def order(self, word: str, value: int) -> None:
        """Tell every pod, now and after a restart: ``delay`` in ms, ``errors`` in percent, or
        ``capacity`` in requests per second."""
        self._orders[word] = value
        for run in self._runs.values():
            _tell(run, word, value)

    def clear(self) -> None:
        """Take all faults back."""
        self._held_down = self._frozen = self._sticky = False
        self._withheld = None
        for run in self._runs.values():
            _send(run, signal.SIGCONT)
        for word in list(self._orders):
            self.order(word, 0)
        self._orders.clear()

    # one pod -----------------------------------------------------------------------------------

    async def _keep(self, run: _Run) -> None:
        """Run the pod's process again and again until the pod is gone."""
        try:
            while not run.leaving:
                if self._held_down or self._withheld is not None:
                    self._refuse(run)
                    await asyncio.sleep(HELD_S)
                    continue
                await self._once(run)
                if not run.leaving:
                    await asyncio.sleep(NOTICE_S)
                    run.restarts += 1
                    await self._report(run, ready=False)
        finally:
            run.done.set()

    def _refuse(self, run: _Run) -> None:
        """Say once why a pod does not start."""
        if self._withheld is not None and run.refused != self._withheld:
            run.refused = self._withheld
            with suppress(ApiError):
                refuse(self._member, run.pod, why=self._withheld, node=self._node)

    async def _once(self, run: _Run) -> None:
        metadata = run.pod["metadata"]
        run.address = f"127.{_octet(16, 250)}.{_octet(1, 254)}.{_octet(1, 254)}"
        environment = {
            "ENV_NAME": _environment(run.pod).get("ENV_NAME", ""),
            "POD_NAME": metadata["name"],
        }
        words = ["-I", "-S", str(PROGRAM), run.address, str(PORT)]
        run.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            preexec_fn=die_with_parent,
        )
        if run.leaving:
            _send(run, signal.SIGKILL)
        if await _says_ready(run.process):
            for word, value in self._orders.items():
                _tell(run, word, value)
            await self._report(run, ready=True)
        await run.process.wait()

    async def _dismiss(self, run: _Run) -> None:
        """End the process, then confirm it: the pod's object goes only now."""
        while self._sticky:
            await asyncio.sleep(HELD_S)
        await self._end(run)
        metadata = run.pod["metadata"]
        while True:
            try:
                live = self._member.get("pods", metadata["name"], metadata["namespace"])
                if live is not None and live["metadata"]["uid"] == metadata["uid"]:
                    self._member.delete("pods", metadata["name"], metadata["namespace"], grace_s=0)
            except ApiError:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _end(self, run: _Run) -> None:
        run.leaving = True
        _send(run, signal.SIGCONT)
        _send(run, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(run.done.wait(), END_S)
        _send(run, signal.SIGKILL)
        if run.task is not None:
            run.task.cancel()
            with suppress(asyncio.CancelledError):
                await run.task
        if run.process is not None:
            await run.process.wait()
            if run.process.stdin is not None:
                run.process.stdin.close()

    async def _report(self, run: _Run, *, ready: bool) -> None:
        """Write the pod's status; again and again while a real API is away."""
        while not run.leaving:
            try:
                self._write_status(run, ready=ready)
            except ApiError:
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _write_status(self, run: _Run, *, ready: bool) -> None:
        """Nothing while the member is frozen or the pod is gone."""
        metadata = run.pod["metadata"]
        found = self._member.get("pods", metadata["name"], metadata["namespace"])
        if found is None or found["metadata"]["uid"] != metadata["uid"] or self._frozen:
            return
        run.ready = ready
        if found["spec"].get("nodeName") is None:
            self._member.bind_pod(metadata["name"], metadata["namespace"], node=self._node)
        self._member.merge(
            "pods",
            metadata["name"],
            {"status": self._status(run, ready=ready)},
            metadata["namespace"],
            subresource="status",
        )

    def _status(self, run: _Run, *, ready: bool) -> Json:
        container = run.pod["spec"]["containers"][0]
        started = run.pod["metadata"]["creationTimestamp"]
        state: Json = {"running": {"startedAt": now_text()}}
        if not ready:
            state = {"waiting": {"reason": "CrashLoopBackOff"}}
        kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        return {
            "phase": "Running",
            "podIP": shown(run.address),
            "podIPs": [{"ip": shown(run.address)}],
            "hostIP": HOST,
            "startTime": started,
            "conditions": [
                {
                    "type": kind,
                    "status": str(ready or kind in {"PodScheduled", "Initialized"}),
                    "lastTransitionTime": now_text(),
                }
                for kind in kinds
            ],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": ready,
                    "started": ready,
                    "restartCount": run.restarts,
                    "state": state,
                }
            ],
        }


async def _says_ready(process: Process) -> bool:
    """Whether the pod says that it listens; one that says nothing is killed."""
    line = b""
    if process.stdout is not None:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_S)
        except TimeoutError:
            process.kill()
    return line.strip() == b"ready"


def _octet(low: int, high: int) -> int:
    return low + secrets.randbelow(high - low + 1)


def _environment(pod: Json) -> dict[str, str]:
    return {e["name"]: e.get("value", "") for e in pod["spec"]["containers"][0].get("env") or []}


def _send(run: _Run, signum: signal.Signals) -> None:
    if run.process is not None and run.process.returncode is None:
        with suppress(ProcessLookupError):
            run.process.send_signal(signum)


def _tell(run: _Run, word: str, value: int) -> None:
    if run.process is not None and run.process.stdin is not None:
        with suppress(OSError):
            run.process.stdin.write(f"{word} {value}\n".encode())
