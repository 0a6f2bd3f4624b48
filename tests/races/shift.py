"""``make shift-races``: two operators shift at the same instant; one moves the traffic, always.

Over HTTPS against the embedded API. Each round is run three times: with the lock, with the record
alone, and with nothing but the tests of the patch, so that each fence is seen to hold by itself.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from alb_dr.clock import RealClock
from alb_dr.errors import AlbDrError, Conflict, Refused
from alb_dr.model.manifest import NAMESPACE, Manifest, ResourceId
from alb_dr.model.shift import ShiftPhase, ShiftRecord
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeApi
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.workflows.delivery.weights import ingress_id, live_ingress
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.records.shift_record import read_record, record_id
from alb_dr.workflows.shift.checks import starting_weights
from alb_dr.workflows.shift.hand import ShiftHand
from alb_dr.workflows.shift.watch import Foreign
from tests.builders import a_topology
from tests.contract.servers import embedded
from tests.fakes.gateway import FakeJournal
from tests.fakes.voice import TellTale

TOPOLOGY = a_topology()
START = Weights.of({"c1": 20, "c2": 80})
TARGETS = {"ann": Weights.of({"c1": 60, "c2": 40}), "bob": Weights.of({"c1": 70, "c2": 30})}


def run(rounds: int, folder: Path) -> list[str]:
    """Race so many times; what went wrong, a line each."""
    wrong: list[str] = []
    with embedded(folder) as api, ThreadPoolExecutor(len(TARGETS)) as pool:
        _furnish(api.port)
        for n in range(rounds):
            for start in (_locked, _recorded, _fenced):
                gate = threading.Barrier(len(TARGETS))
                jobs = {who: pool.submit(start, api.port, who, gate) for who in TARGETS}
                won = [who for who, job in jobs.items() if job.result(30)]
                live = starting_weights(TOPOLOGY, live_ingress(TOPOLOGY, fleet=api.port))
                if len(won) != 1 or live.as_dict() != TARGETS[won[0]].as_dict():
                    wrong.append(f"round {n}, {start.__name__}: {won} won, live {live.as_dict()}")
                _clean(api.port)
    return wrong


def _furnish(port: KubeApi) -> None:
    space = TOPOLOGY.ingress.namespace
    name = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    port.create(Manifest(id=ResourceId(kind=NAMESPACE, name=space), document=name))
    for manifest in render(TOPOLOGY, template_library()):
        if manifest.id == ingress_id(TOPOLOGY):
            port.create(manifest)


def _hand(port: KubeApi) -> ShiftHand:
    return ShiftHand(TOPOLOGY, fleet=port, narrator=TellTale(), journal=FakeJournal())


def _locked(port: KubeApi, who: str, gate: threading.Barrier) -> bool:
    """As a shift does it: the lock, the record, the patch."""
    lock = DrillLock(lease_id(TOPOLOGY), fleet=port, clock=RealClock(), narrator=TellTale())
    gate.wait(30)
    try:
        lock.acquire(holder=who, drill=who)
    except Conflict:
        return False
    return _begun(port, who) is not None


def _recorded(port: KubeApi, who: str, gate: threading.Barrier) -> bool:
    """Without the lock: creating the record is one, too."""
    gate.wait(30)
    return _begun(port, who) is not None


def _begun(port: KubeApi, who: str) -> ShiftHand | None:
    """Begin the record and write the weights; None when somebody was faster."""
    hand = _hand(port)
    record = ShiftRecord(
        shift=who,
        vectors=[START.as_dict(), TARGETS[who].as_dict()],
        step=0,
        phase=ShiftPhase.RUNNING,
        by=who,
        reason="race",
        started="now",
    )
    try:
        hand.begin(record)
        hand.write(START, TARGETS[who])
    except (Conflict, Refused, Foreign):
        return None
    return hand


def _fenced(port: KubeApi, who: str, gate: threading.Barrier) -> bool:
    """Without lock and record: the patch tests the weights it replaces."""
    hand = _hand(port)
    gate.wait(30)
    try:
        hand.write(START, TARGETS[who])
    except (Conflict, Foreign):
        return False
    return True


def _clean(port: KubeApi) -> None:
    """The first weights; no record, no lock."""
    live = starting_weights(TOPOLOGY, live_ingress(TOPOLOGY, fleet=port))
    with suppress(Foreign):
        _hand(port).write(live, START)
    if read_record(TOPOLOGY, port) is not None:
        port.delete(record_id(TOPOLOGY))
    remove: Callable[[ResourceId], bool] = port.delete
    remove(lease_id(TOPOLOGY))


def main(rounds: int) -> int:
    """Race, say what is wrong, end with the figure."""
    with tempfile.TemporaryDirectory(prefix="adr-") as folder:
        try:
            wrong = run(rounds, Path(folder))
        except AlbDrError as error:
            wrong = [error.message]
    for line in wrong:
        sys.stdout.write(f"WRONG {line}\n")
    right = rounds - len(wrong)
    sys.stdout.write(
        f"shift races: {right}/{rounds} with one winner, also by record or patch alone\n"
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
