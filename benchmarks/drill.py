"""Whole drills at 200 requests a second: how finely they measure, and how soon they give back.

``python -m benchmarks.drill [ROUNDS]``. The resolution and the interval that are printed with
the RTA; the time from SIGTERM to the accepted restore; the time from the decision to abort, and
from the breach that led to it, to the accepted restore. The restore is seen by asking the member's
API over and over, so the times include up to one such question (ASK_S).
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from alb_dr.cli.context import Context
from alb_dr.model.manifest import DEPLOYMENT, ResourceId
from benchmarks.sandbox import Sandbox, sandbox

ROUNDS = 30
VICTIM, SURVIVOR = "poc-ack-1", "poc-ack-2"
DRILL = ("failover", "drill", VICTIM, "--yes", "--rate", "200", "--baseline", "1", "--observe")
SPARED = ("--override", "ADR-SURVIVOR-YOUNG", "--no-watchdog")
RESOLUTION_MS, ABORT_S, SIGNAL_S = 5.0, 2.0, 1.0
ASK_S = 0.005


class Restored:
    """Sees the victim's Deployment leave 0 replicas."""

    def __init__(self, place: Sandbox) -> None:
        context = Context(config_path=place.project, quiet=True, environ=place.env)
        topology = context.topology
        self._api = context.member(topology.member(VICTIM).id)
        self._id = ResourceId(
            kind=DEPLOYMENT,
            name=topology.application.name,
            namespace=topology.application.namespace,
        )

    def replicas(self) -> int:
        """What it wants now."""
        live = self._api.get(self._id)
        assert live is not None
        return int(live.document["spec"]["replicas"])

    def await_harm(self) -> None:
        """Until it is at 0."""
        while self.replicas():
            time.sleep(ASK_S)

    def instant(self) -> float:
        """The wall time at which it is no longer at 0."""
        while not self.replicas():
            time.sleep(ASK_S)
        return time.time()


def main(rounds: int) -> None:
    """Measure and print."""
    with sandbox() as place:
        place.run("up")
        seen = Restored(place)
        clocks = [_clock(place) for _ in range(3)]
        steps = [1e3 * clock["resolution_s"] for clock in clocks]
        _line("resolution of the RTA, ms", steps, RESOLUTION_MS)
        widths = [1e3 * (c["rta_high_s"] - c["rta_low_s"]) / 2 for c in clocks]
        _line("half of the RTA's printed interval, ms", widths, None)
        _line(
            "SIGTERM to accepted restore, s",
            [_signalled(place, seen) for _ in range(rounds)],
            SIGNAL_S,
        )
        aborted = [_aborted(place, seen, n) for n in range(max(3, rounds // 3))]
        _line("decision to abort to accepted restore, s", [a for a, _ in aborted], ABORT_S)
        _line("breach to accepted restore, s", [b for _, b in aborted], None)


def _clock(place: Sandbox) -> dict[str, float]:
    """What a drill that is run to its end says of the recovery's times."""
    found: dict[str, float] = place.data(*DRILL, "4", *SPARED)["recovery"]
    return found


def _signalled(place: Sandbox, seen: Restored) -> float:
    drill = place.start(*DRILL, "60", *SPARED)
    seen.await_harm()
    _drained(drill)
    time.sleep(1.0)  # the fault is in force and traffic is being watched
    sent = time.time()
    drill.send_signal(signal.SIGTERM)
    took = seen.instant() - sent
    drill.wait(timeout=60)
    return took


def _aborted(place: Sandbox, seen: Restored, n: int) -> tuple[float, float]:
    """Seconds from the decision and from the breach to the accepted restore."""
    run = place.state / f"aborted-{n}"
    drill = place.start(*DRILL, "60", *SPARED, "--run-dir", str(run))
    seen.await_harm()
    _drained(drill)
    time.sleep(1.0)
    breach = time.time()
    place.run("sandbox", "fault", "errors", SURVIVOR, "--value", "100")
    restored = seen.instant()
    drill.wait(timeout=60)
    place.run("sandbox", "fault", "clear")
    return restored - _decided(run), restored - breach


def _decided(run: Path) -> float:
    """When the drill went over to restoring, by its ledger."""
    lines = [json.loads(line) for line in (run / "ledger.jsonl").read_text().splitlines()]
    at = next(line["at"] for line in lines if line["event"] == "restoring")
    return datetime.fromisoformat(at).timestamp()


def _drained(drill: subprocess.Popen[str]) -> None:
    """Read what it says, so that it can go on saying it."""
    assert drill.stderr is not None
    threading.Thread(target=drill.stderr.read, daemon=True).start()


def _line(name: str, values: list[float], goal: float | None) -> None:
    median, worst = statistics.median(values), max(values)
    verdict = ""
    if goal is not None:
        verdict = f"   goal <= {goal:g}: {'met' if worst <= goal else 'MISSED'}"
    print(
        f"{name:<42} median {median:6.3f}, worst of {len(values)} {worst:6.3f}{verdict}", flush=True
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
