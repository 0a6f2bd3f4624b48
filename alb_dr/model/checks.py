"""Prerequisites: what must hold before alb-dr can work, and what a look at each of them said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.errors import ExitCode
from alb_dr.model.findings import Verdict


class Gravity(StrEnum):
    """How much it matters when a prerequisite does not hold."""

    FATAL = "fatal"
    """Nothing else can be asked: an API that does not answer."""
    ERROR = "error"
    """A command of alb-dr, or the disaster recovery itself, will not work."""
    WARNING = "warning"
    """It works, but a drill or a real failure will cost more than it must."""
    INFO = "info"
    """Worth knowing."""


GRAVEST_FIRST = (Gravity.FATAL, Gravity.ERROR, Gravity.WARNING, Gravity.INFO)
"""The order in which gravities outrank each other."""


class Category(StrEnum):
    """What a prerequisite is about; also the order in which a report shows them."""

    PROJECT = "project"
    FLEET = "fleet"
    MEMBERS = "members"
    APPLICATION = "application"
    RESILIENCE = "resilience"
    GATEWAY = "gateway"
    INGRESS = "ingress"
    TRAFFIC = "traffic"
    CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One prerequisite. ``title`` says what is true when it holds, ``fix`` what to do otherwise.

    ``why`` is the paragraph of the documentation; ``retry_s`` is how long waiting may help
    (``--wait``), 0 when it cannot; ``pre`` marks what can be known before anything is applied.
    """

    code: str
    category: Category
    gravity: Gravity
    title: str
    fix: str
    why: str
    pre: bool = False
    retry_s: float = 0.0

    @property
    def anchor(self) -> str:
        """Where the documentation explains it."""
        return f"docs/reference/checks.md#{self.code.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing seen that should be otherwise; its own gravity and fix outrank the check's.

    ``cause`` is the exit code of the failure behind it, where there is one.
    """

    seen: str
    fix: str | None = None
    gravity: Gravity | None = None
    cause: ExitCode | None = None


class Outcome(StrEnum):
    """What a look at a prerequisite said."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It does not apply, or something else must hold first; the reason is given."""
    UNKNOWN = "unknown"
    """It could not be asked; never a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one look said. ``reason`` is set for SKIPPED and UNKNOWN, ``troubles`` for FAILED."""

    check: Check
    outcome: Outcome
    troubles: tuple[Trouble, ...] = ()
    reason: str = ""

    @property
    def gravity(self) -> Gravity:
        """The gravest of its troubles; the check's own without any."""
        found = [trouble.gravity or self.check.gravity for trouble in self.troubles]
        return min(found or [self.check.gravity], key=GRAVEST_FIRST.index)

    @property
    def breaks(self) -> bool:
        """Whether this result keeps alb-dr from working."""
        return self.outcome is Outcome.FAILED and self.gravity in {Gravity.FATAL, Gravity.ERROR}

    def fix_of(self, trouble: Trouble) -> str:
        """What to do about one trouble."""
        return trouble.fix or self.check.fix


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All results in the order of the catalogue; ``notes`` are said once, above them."""

    results: Sequence[CheckResult]
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many results have this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def broken(self) -> tuple[CheckResult, ...]:
        """What keeps alb-dr from working."""
        return tuple(result for result in self.results if result.breaks)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """What failed and keeps nothing from working."""
        return tuple(r for r in self.results if r.outcome is Outcome.FAILED and not r.breaks)

    @property
    def unknown(self) -> tuple[CheckResult, ...]:
        """What matters and could not be asked."""
        return tuple(
            r
            for r in self.results
            if r.outcome is Outcome.UNKNOWN and r.check.gravity in {Gravity.FATAL, Gravity.ERROR}
        )

    @property
    def verdict(self) -> Verdict:
        """FAIL when something is broken, INCONCLUSIVE when something that matters is unknown."""
        if self.broken:
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if self.unknown else Verdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        """By the worst result: a fatal one's own cause, else 9, else 14 for unknown, else 0."""
        for trouble in (t for result in self.broken for t in result.troubles):
            if trouble.cause is not None:
                return trouble.cause
        if self.broken:
            return ExitCode.VERDICT_FAIL
        return ExitCode.INCONCLUSIVE if self.unknown else ExitCode.OK
