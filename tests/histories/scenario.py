"""A scenario: who does what when, and what goes wrong. All of it drawn from one number."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.histories.world import MEMBERS

HOUR_S, DECADE_S = 3600.0, 315_360_000.0
OPERATORS = ("ann", "bob", "eve")
"""Each at a machine of their own."""
BUSY_S = 150.0
"""The span in which commands begin and things go wrong."""
TROUBLES = ("down", "error", "lost", "conflict", "forbidden", "flaky")
APIS = ("Fleet", "poc-ack-1", "poc-ack-2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that happens; what its fields mean is said by its ``kind``.

    ``run``: ``who`` begins ``what`` (a command) on ``member``. ``kill``, ``signal``: the
    ``number``-th operation of the process ``who`` (of its ``nth`` command) is its last, or is
    interrupted, ``what`` is before or after. ``stop``: ``who`` is paused for ``seconds``.
    ``clock``: the machine ``who`` is turned by ``seconds``. ``trouble``: ``who`` is an API,
    ``what`` its trouble. ``full``: the disk of ``who``. ``broken``: new pods of ``member`` do not
    become ready for ``seconds``. ``outage``: nobody is answered for ``seconds``. ``person``:
    somebody does ``what`` to ``member``.
    """

    kind: str
    at: float = 0.0
    who: str = ""
    what: str = ""
    member: str = ""
    number: int = 0
    nth: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole history to be. ``guarded``: guards look every minute; ``ending``: who cleans up."""

    seed: int
    acts: tuple[Act, ...]
    guarded: bool = True
    ending: str = "recover"

    def without(self, dropped: Act) -> Scenario:
        """The same without one act."""
        return replace(self, acts=tuple(a for a in self.acts if a is not dropped))

    def __str__(self) -> str:
        lines = [f"seed {self.seed}, {'guarded' if self.guarded else 'no guard'}, {self.ending}"]
        for act in self.acts:
            fields = [f"{n}={getattr(act, n)!r}" for n in Act.__slots__ if getattr(act, n)]
            lines.append(f"        Act({', '.join(fields)}),")
        return "\n".join(lines)


def scenario(seed: int) -> Scenario:
    """The scenario of a number."""
    dice = random.Random(seed)
    acts = _commands(dice)
    for _ in range(dice.choice((0, 1, 1, 2, 3, 4))):
        acts.append(dice.choices(_NEMESES, weights=_ODDS)[0](dice))
    return Scenario(
        seed=seed,
        acts=tuple(sorted(acts, key=lambda a: a.at)),
        guarded=dice.random() < 0.7,
        ending=dice.choice(("recover", "recover", "guard")),
    )


def _commands(dice: random.Random) -> list[Act]:
    acts = []
    for who in OPERATORS[: dice.choice((1, 2, 2, 3))]:
        at = dice.choice((0.0, 0.0, dice.uniform(0, BUSY_S)))
        for n in range(dice.choice((1, 1, 2, 3))):
            what = "drill" if n == 0 and who != "eve" else dice.choice(_COMMANDS)
            acts.append(
                Act(kind="run", at=at, who=who, what=what, member=dice.choice(MEMBERS), nth=n)
            )
            at += dice.choice((0.1, 1.0, 20.0, dice.uniform(1, 60)))
    return acts


_COMMANDS = ("drill", "drill", "recover", "recover", "look", "dry-run", "status", "unlock")


def _kill(dice: random.Random) -> Act:
    return _struck(dice, "kill")


def _signal(dice: random.Random) -> Act:
    return _struck(dice, "signal")


def _struck(dice: random.Random, kind: str) -> Act:
    return Act(
        kind=kind,
        who=dice.choice(OPERATORS[:2]),
        nth=dice.choice((0, 0, 1)),
        number=int(dice.choice((dice.uniform(0, 30), dice.uniform(0, 80)))),
        what=dice.choice(("before", "after")),
    )


def _stop(dice: random.Random) -> Act:
    return Act(
        kind="stop",
        at=dice.uniform(0, 60),
        who=dice.choice(OPERATORS[:2]),
        seconds=dice.choice((5.0, 25.0, 40.0, 200.0)),
    )


def _clock(dice: random.Random) -> Act:
    return Act(
        kind="clock",
        at=dice.uniform(0, 60),
        who=dice.choice((*OPERATORS[:2], "guard-c1", "guard-c2")),
        seconds=dice.choice((HOUR_S, -HOUR_S, DECADE_S, -DECADE_S, 45.0, -45.0)),
    )


def _trouble(dice: random.Random) -> Act:
    return Act(
        kind="trouble",
        at=dice.uniform(0, 60),
        who=dice.choice(APIS),
        what=dice.choice(TROUBLES),
        member=dice.choice(("", "", "ann")),
        seconds=dice.choice((0.5, 3.0, 15.0, 60.0, 240.0)),
    )


def _full(dice: random.Random) -> Act:
    return Act(kind="full", at=dice.uniform(0, 40), who=dice.choice(OPERATORS[:2]))


def _broken(dice: random.Random) -> Act:
    return Act(
        kind="broken",
        at=dice.uniform(0, 40),
        member=dice.choice(MEMBERS),
        seconds=dice.choice((20.0, 100.0, 250.0)),
    )


def _outage(dice: random.Random) -> Act:
    return Act(kind="outage", at=dice.uniform(0, 40), seconds=dice.choice((1.0, 15.0, 60.0)))


PERSONS = (
    "scale-up",
    "scale-down",
    "to-zero",
    "delete",
    "recreate",
    "undo",
    "revive",
    "garble",
    "unlabel",
    "weights",
    "steal-lock",
    "delete-lock",
)
"""What people do meanwhile."""


def _person(dice: random.Random) -> Act:
    return Act(
        kind="person",
        at=dice.uniform(0, 80),
        what=dice.choice(PERSONS),
        member=dice.choice(MEMBERS),
    )


_NEMESES: tuple[Callable[[random.Random], Act], ...] = (
    _kill,
    _signal,
    _stop,
    _clock,
    _trouble,
    _full,
    _broken,
    _outage,
    _person,
)
_ODDS = (5, 2, 2, 2, 4, 1, 1, 1, 4)
