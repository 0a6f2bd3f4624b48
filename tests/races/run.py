"""``make races``: two operators start a drill at the same instant; there is one holder, always.

Over HTTPS against the embedded API: each round both take the lock and fire, and a second time
both fire without any lock, so that the fence of the patch is seen to hold alone. Then the guard and
``recover`` put a drill back at the same instant (F30): one write does it, and both say it is done.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from alb_dr.clock import RealClock
from alb_dr.errors import AlbDrError, Conflict
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import DEPLOYMENT, LEASE, NAMESPACE, Manifest, ResourceId
from alb_dr.ports import KubeApi
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.guard.sweeper import sweep
from alb_dr.workflows.records.drill_record import fire_patch, record_of, replicas_of, restore_patch
from alb_dr.workflows.records.lease import DrillLock
from alb_dr.workflows.recover.marks import BUSY_S, open_drills, remedy
from tests.contract.servers import embedded
from tests.fakes.voice import TellTale

SPACE = "races"
LOCK = ResourceId(kind=LEASE, name="alb-dr-12345678", namespace=SPACE)
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
OPERATORS = ("ann", "bob")
REPLICAS = 3
PAST = "2026-03-01T12:00:00+00:00"
"""A deadline that has passed: the guard acts."""


def run(rounds: int, folder: Path) -> list[str]:
    """Race so many times; what went wrong, a line each."""
    wrong: list[str] = []
    with embedded(folder) as api, ThreadPoolExecutor(len(OPERATORS)) as pool:
        _furnish(api.port)
        for n in range(rounds):
            for start in (_locked, _fenced):
                gate = threading.Barrier(len(OPERATORS))
                jobs = [pool.submit(start, api.port, who, gate) for who in OPERATORS]
                won = [who for job, who in zip(jobs, OPERATORS, strict=True) if job.result(30)]
                fired = _fired_by(api.port)
                if len(won) != 1 or fired != won[0]:
                    wrong.append(f"round {n}, {start.__name__}: {won} hold, {fired} fired")
                _clean(api.port)
            problem = _restored_at_once(api.port, pool)
            if problem is not None:
                wrong.append(f"round {n}, guard and recover: {problem}")
            _clean(api.port)
    return wrong


class Counted:
    """An API that counts the patches it accepted."""

    def __init__(self, port: KubeApi) -> None:
        self._port = port
        self.accepted = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def patch(self, *words: Any, **more: Any) -> Manifest:
        """Patch and count."""
        done = self._port.patch(*words, **more)
        self.accepted += 1
        return done


def _restored_at_once(port: KubeApi, pool: ThreadPoolExecutor) -> str | None:
    """F30: what went wrong when guard and recover restored at the same instant, or None."""
    assert _fire(port, "ann"), "nobody else is there"
    gate = threading.Barrier(2)
    apis: tuple[Any, Any] = Counted(port), Counted(port)
    jobs = [pool.submit(_sweep, apis[0], gate), pool.submit(_recover, apis[1], gate)]
    failed = [str(error) for job in jobs if (error := job.exception(30)) is not None]
    live = _live(port)
    accepted = sum(api.accepted for api in apis)
    if failed or accepted != 1 or replicas_of(live) != REPLICAS or record_of(live) is not None:
        return f"{failed or 'both succeeded'}, {accepted} writes, {replicas_of(live)} replicas"
    return None


def _sweep(port: KubeApi, gate: threading.Barrier) -> None:
    gate.wait(30)
    sweep(port, namespace=SPACE, clock=RealClock(), narrator=TellTale())


def _recover(port: KubeApi, gate: threading.Barrier) -> None:
    found = open_drills(port)
    gate.wait(30)
    for drill in found:
        remedy(drill, api=port, deadline=Deadline(RealClock(), BUSY_S))


def _furnish(port: KubeApi) -> None:
    name = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    port.create(Manifest(id=ResourceId(kind=NAMESPACE, name=SPACE), document=name))
    labels = {"app": "web-demo"}
    container = {"name": "web", "image": "web:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": WORKLOAD.name, "namespace": SPACE},
        "spec": {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": template},
    }
    port.create(Manifest(id=WORKLOAD, document=document))


def _locked(port: KubeApi, who: str, gate: threading.Barrier) -> bool:
    """Take the lock, then fire; whether both worked."""
    lock = DrillLock(LOCK, fleet=port, clock=RealClock(), narrator=TellTale())
    gate.wait(30)
    try:
        lock.acquire(holder=who, drill=who)
    except Conflict:
        return False
    return _fire(port, who)


def _fenced(port: KubeApi, who: str, gate: threading.Barrier) -> bool:
    """Fire without asking anybody; whether it worked."""
    live = _live(port)
    gate.wait(30)
    return _fire(port, who, live)


def _fire(port: KubeApi, who: str, live: Manifest | None = None) -> bool:
    live = live or _live(port)
    record = DrillRecord(drill=who, replicas=REPLICAS, deadline=PAST, reason="race", by=who)
    try:
        port.patch(WORKLOAD, fire_patch(live, record))
    except Conflict:
        return False
    return True


def _live(port: KubeApi) -> Manifest:
    live = port.get(WORKLOAD)
    assert live is not None
    return live


def _fired_by(port: KubeApi) -> str | None:
    live = _live(port)
    record = record_of(live)
    return record.drill if record is not None and replicas_of(live) == 0 else None


def _clean(port: KubeApi) -> None:
    live = _live(port)
    record = record_of(live)
    if record is not None:
        port.patch(WORKLOAD, restore_patch(live, record))
    remove: Callable[[ResourceId], bool] = port.delete
    remove(LOCK)


def main(rounds: int) -> int:
    """Race, say what is wrong, end with the figure."""
    with tempfile.TemporaryDirectory(prefix="adr-") as folder:
        try:
            wrong = run(rounds, Path(folder))
        except AlbDrError as error:
            wrong = [error.message]
    for line in wrong:
        sys.stdout.write(f"WRONG {line}\n")
    sys.stdout.write(
        f"races: {rounds - len(wrong)}/{rounds} with one holder, also without a lock, "
        "and restored once by guard and recover together\n"
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
