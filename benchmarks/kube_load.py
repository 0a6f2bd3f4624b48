"""The embedded API under load: 1,000 Ingresses, 50 watchers; list, apply and watch latency, memory.

The API runs in a process of its own, over TLS, as in a sandbox; our client asks it. Beside it runs
the same on a real kube-apiserver with etcd where KUBEBUILDER_ASSETS names them, and ``kubectl`` for
the list. ``python -m benchmarks.kube_load [INGRESSES] [WATCHERS]``
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from alb_dr.clock import RealClock
from alb_dr.fleet.connect import connect
from alb_dr.model.manifest import INGRESS, NAMESPACE, Manifest, ResourceId
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from alb_dr.ports import KubeApi
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kubeconfig import write_kubeconfig
from alb_dr.sandbox.pki import make_pki, server_context
from alb_dr.sandbox.processes import die_with_parent, memory_kib
from alb_dr.sandbox.real.control_plane import ADMIN, ASSETS, ControlPlane, binaries

TOKEN = "load"
HOME = "load"
LISTS = 20
CHANGES = 100
WEIGHT = "load.example.com/weight"
WAIT_S = 30.0
PATH = f"/apis/networking.k8s.io/v1/namespaces/{HOME}/ingresses"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server under test."""

    name: str
    address: str
    ca: Path
    pids: tuple[int, ...]

    @property
    def memory_mib(self) -> float:
        """Resident memory of its processes."""
        return sum(memory_kib(pid) for pid in self.pids) / 1024


@contextmanager
def embedded(folder: Path) -> Iterator[Served]:
    """This very file, started as the server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kube_load", "serve", str(folder)],
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,  # noqa: PLW1509  one system call, no locks
        text=True,
    )
    assert process.stdout is not None
    try:
        address = f"https://127.0.0.1:{int(process.stdout.readline())}"
        yield Served(name="embedded", address=address, ca=folder / "ca.crt", pids=(process.pid,))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def serve(folder: Path) -> None:
    """What the server's process does: print the port, then answer until it is ended."""
    pki = make_pki(folder)
    cluster = EmbeddedCluster("load")
    tls = server_context(pki)
    print(await cluster.serve(host="127.0.0.1", port=0, tls=tls, tokens={TOKEN: ADMIN}), flush=True)
    await asyncio.Event().wait()


@contextmanager
def real(assets: Path, folder: Path) -> Iterator[Served]:
    """kube-apiserver with its etcd."""
    with ControlPlane(assets, folder, tokens={TOKEN: ADMIN}) as plane:
        yield Served(
            name="kube-apiserver", address=plane.address, ca=folder / "ca.crt", pids=plane.pids
        )


class Watchers:
    """Connections that note when they are told of a weight."""

    def __init__(self, served: Served, count: int) -> None:
        self._served = served
        self._count = count
        self.told: list[tuple[str, float]] = []
        self._open = threading.Barrier(2)
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Until all are connected."""
        self._thread.start()
        self._open.wait(WAIT_S)

    def wait(self, expected: int) -> None:
        """Until that many have been told."""
        end = time.monotonic() + WAIT_S
        while len(self.told) < expected and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.told) == expected, f"{len(self.told)} of {expected} events arrived"

    def stop(self) -> None:
        """Close all connections."""
        self._stop()
        self._thread.join(WAIT_S)

    async def _run(self) -> None:
        tls = ssl.create_default_context(cafile=str(self._served.ca))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        connector = aiohttp.TCPConnector(limit=0, ssl=tls)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            self._served.address, connector=connector, headers=headers, timeout=timeout
        ) as session:
            async with session.get(PATH, params={"limit": "1"}) as answer:
                version = (await answer.json())["metadata"]["resourceVersion"]
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "600"}
            streams = [await session.get(PATH, params=query) for _ in range(self._count)]
            over = asyncio.Event()
            self._stop = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
            self._open.wait()
            followers = [asyncio.create_task(self._follow(stream)) for stream in streams]
            await over.wait()
            for follower in followers:
                follower.cancel()

    async def _follow(self, stream: aiohttp.ClientResponse) -> None:
        while line := await stream.content.readline():
            now = time.perf_counter()
            annotations = json.loads(line)["object"]["metadata"]["annotations"]
            self.told.append((annotations[WEIGHT], now))


def ingress(number: int, weight: str) -> Manifest:
    """One of many Ingresses."""
    name = f"web-{number:05}"
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"path": "/", "pathType": "Prefix", "backend": backend}
    document = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": HOME, "annotations": {WEIGHT: weight}},
        "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": [rule]}}]},
    }
    return Manifest(id=ResourceId(kind=INGRESS, name=name, namespace=HOME), document=document)


def timed(jobs: list[Callable[[], Any]]) -> list[float]:
    """Seconds of each, one after the other."""
    times = []
    for job in jobs:
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return times


def line(what: str, seconds: list[float]) -> None:
    """Median and 99th percentile."""
    ordered = sorted(seconds)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.99))
    print(f"  {what:<34} p50 {p50 * 1000:8.1f} ms   p99 {p99 * 1000:8.1f} ms   n {len(ordered)}")


def kubectl_list(kubeconfig: Path) -> list[float]:
    """Seconds of ``kubectl get`` of everything; empty where it is not installed."""
    if shutil.which("kubectl") is None:
        return []
    words = ["kubectl", "--kubeconfig", str(kubeconfig), "-n", HOME, "get", "ingress", "-o", "json"]
    return timed([lambda: subprocess.run(words, check=True, capture_output=True)] * 5)


def measure(served: Served, folder: Path, ingresses: int, watchers: int) -> None:
    """Load one server and print what it took."""
    kubeconfig = folder / "load.kubeconfig"
    ca = served.ca.read_bytes()
    write_kubeconfig(kubeconfig, name="load", server=served.address, ca=ca, token=TOKEN)
    access = KubeAccess(kubeconfig=kubeconfig)
    api: KubeApi = connect(access, label="load", settings=Settings(), clock=RealClock(), environ={})
    print(f"{served.name}: {ingresses} Ingresses, {watchers} watchers")
    empty = served.memory_mib
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}
    api.create(Manifest(id=ResourceId(kind=NAMESPACE, name=HOME), document=home))
    every = [ingress(n, "0") for n in range(ingresses)]
    line("apply that creates", timed([lambda m=m: api.apply(m) for m in every]))
    line("apply that changes nothing", timed([lambda m=m: api.apply(m) for m in every[:CHANGES]]))
    full = served.memory_mib
    line("list of all", timed([lambda: api.list(INGRESS, namespace=HOME)] * LISTS))
    peer = kubectl_list(kubeconfig)
    if peer:
        line("kubectl get of all (with its start)", peer)
    audience = Watchers(served, watchers)
    audience.start()
    sent: dict[str, float] = {}
    applied = []
    for n in range(CHANGES):
        changed = ingress(n % ingresses, str(n + 1))
        sent[str(n + 1)] = time.perf_counter()
        api.apply(changed)
        applied.append(time.perf_counter() - sent[str(n + 1)])
    audience.wait(CHANGES * watchers)
    line(f"apply seen by {watchers} watchers", applied)
    line("from apply to a watcher", [at - sent[weight] for weight, at in audience.told])
    print(
        f"  memory: {empty:.0f} MiB empty, {full:.0f} MiB with all, "
        f"{served.memory_mib:.0f} MiB with watchers"
    )
    audience.stop()


def main(ingresses: int, watchers: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, embedded(Path(folder)) as served:
        measure(served, Path(folder), ingresses, watchers)
    assets = binaries(os.environ)
    if assets is None:
        print(f"kube-apiserver: {ASSETS} names no binaries, not measured")
        return
    with tempfile.TemporaryDirectory() as folder, real(assets, Path(folder)) as served:
        measure(served, Path(folder), ingresses, watchers)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        numbers = [int(word) for word in sys.argv[1:]]
        main(*(numbers + [1000, 50][len(numbers) :]))
