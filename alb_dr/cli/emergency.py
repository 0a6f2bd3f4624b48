"""One emergency with this process's ports: recorded if the disk allows, done in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import RunDir
    from alb_dr.ports import Journal
    from alb_dr.workflows.shift.emergency import EmergencyPorts


class OptionalRun:
    """A run's folder with its ledger; where there can be none everything goes on without."""

    def __init__(self, context: Context, *, verb: str, operation: str) -> None:
        from alb_dr.errors import AlbDrError

        self._narrator = context.narrator
        self._verb = verb
        self._run: RunDir | None = None
        self._ledger: Ledger | None = None
        try:
            self._open(context, operation)
        except (AlbDrError, OSError) as error:
            self._narrator.warn(f"nothing is recorded on this machine: {error}; going on")

    def _open(self, context: Context, operation: str) -> None:
        from alb_dr.journal.ledger import Ledger
        from alb_dr.journal.rundir import LEDGER

        run = context.new_run(self._verb, operation)
        self._ledger = Ledger(run.path / LEDGER, drill_id=operation)
        self._run = run

    def write(self, event: str, **facts: object) -> None:
        """Append one event; raises when the disk does not take it."""
        if self._ledger is not None:
            self._ledger.write(event, **facts)

    def keep(self, data: dict[str, Any]) -> None:
        """Keep the answer beside the ledger."""
        from alb_dr.errors import AlbDrError
        from alb_dr.journal.rundir import DESCRIPTION

        try:
            if self._run is not None:
                self._run.write_json("report.json", data)
                self._run.write_json(DESCRIPTION, {"verb": self._verb})
        except (AlbDrError, OSError) as error:
            self._narrator.warn(f"the report could not be kept: {error}")

    def close(self) -> None:
        """Close the ledger; a run in which nothing was intended leaves nothing."""
        import shutil

        if self._ledger is None or self._run is None:
            return
        self._ledger.close()
        if not self._ledger.path.stat().st_size:
            shutil.rmtree(self._run.path, ignore_errors=True)


def emergency_ports(context: Context, journal: Journal) -> EmergencyPorts:
    """What an emergency touches; no member's kubeconfig is read before it is asked."""
    from alb_dr.cli.drilling import operator
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.fleet.connect import load
    from alb_dr.workflows.records.book import Book
    from alb_dr.workflows.shift.emergency import EmergencyPorts

    load()
    return EmergencyPorts(
        fleet=context.fleet,
        members=context.member,
        clock=context.clock,
        narrator=context.narrator,
        book=Book(journal, context.narrator),
        shield=SIGNALS.shield,
        operator=operator(),
    )


def observed(context: Context, timeout_s: float) -> dict[str, Any]:
    """What the traffic does now: waited for at most so long; never an error."""
    from alb_dr.errors import AlbDrError
    from alb_dr.workflows.delivery.await_split import await_split

    try:
        with context.narrator.phase("looking whether the traffic follows"):
            seen = await_split(
                context.topology,
                fleet=context.fleet,
                prober=context.prober,
                clock=context.clock,
                narrator=context.narrator,
                timeout_s=timeout_s,
            )
    except AlbDrError as error:
        return {"follows": False, "words": error.message}
    words = f"{seen.words}, {seen.requests} requests"
    return {"follows": True, "words": words, "shares": dict(seen.shares)}
