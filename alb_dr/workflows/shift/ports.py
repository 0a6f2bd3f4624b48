"""What a shift touches of the world, and what may be done beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from alb_dr.model.away import Away
from alb_dr.model.shift import Answer, ShiftPhase
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, Journal, KubeApi, KubeReader, Narrator, Prober, SampleLog

Remember = Callable[[Weights, Away | None], Away | None]
"""From the weights a shift begins with, and the record that is there, to the one it leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPorts:
    """Everything a shift touches.

    ``ask`` puts a failure to a person and returns the answer; while it waits it calls what it is
    given about once a second, so that nobody takes the shift for dead.
    ``remarks`` is the voice of the checks before: they are made a second time after the question.
    """

    fleet: KubeApi
    members: Mapping[str, KubeReader]
    prober: Prober
    clock: Clock
    narrator: Narrator
    remarks: Narrator
    journal: Journal
    log: SampleLog
    shield: Callable[[], AbstractContextManager[None]]
    ask: Callable[[str, Callable[[], None]], Answer]
    operator: str


class Companion(Protocol):
    """Something else that is done with a shift: a cloud's zone taken out of use, for instance."""

    def begin(self, alive: Callable[[], None]) -> None:
        """Do it, with lock and record held, before the first step. An error ends the shift.

        While it waits it calls ``alive`` about once a second, which keeps the lock and the signs
        of life going; what that raises ends the shift, too.
        """
        ...

    def end(self, phase: ShiftPhase, alive: Callable[[], None]) -> None:
        """Settle it when the shift has ended so; undo it where the weights went back.

        It calls ``alive`` while it waits, too; that raises nothing any more.
        """
        ...
