"""Asking: all questions at once, in threads; again while waiting may help."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from alb_dr.errors import AlbDrError
from alb_dr.model.checks import Category, CheckReport, CheckResult, Gravity, Outcome, Trouble
from alb_dr.ports import Clock, Narrator
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene

AT_A_TIME = 24
"""Questions under way; they mostly wait for servers."""
AGAIN_S = 2.0
"""Pause between two rounds of waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which questions are wanted: codes or categories; ``pre`` leaves out what must exist first."""

    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    pre: bool = False

    def of(self, questions: Sequence[Question]) -> tuple[Question, ...]:
        """The wanted questions in their order. Fatal ones are never left out by ``only``."""
        return tuple(q for q in questions if self._wants(q))

    def _wants(self, question: Question) -> bool:
        names = {question.check.code, str(question.check.category)}
        if names & self.skip or (self.pre and not question.check.pre):
            return False
        return not self.only or bool(names & self.only)


def run_checks(
    questions: Sequence[Question],
    look: Callable[[], Scene],
    *,
    wait: bool,
    clock: Clock,
    narrator: Narrator,
) -> CheckReport:
    """Ask every question; with ``wait`` the failed ones again, each until its own deadline.

    ``look`` gives a fresh scene, so that a second round does not read the first one's answers.
    """
    began = clock.monotonic()
    results = _round(questions, look(), narrator)
    while wait:
        passed_s = clock.monotonic() - began
        again = [q for q in questions if _may_heal(results[q.check.code], passed_s)]
        if not again:
            break
        narrator.progress(
            len(questions) - len(again), len(questions), f"waiting for {again[0].check.title}"
        )
        clock.sleep(AGAIN_S)
        # What was skipped because something else had to hold first may apply by now.
        skipped = [q for q in questions if results[q.check.code].outcome is Outcome.SKIPPED]
        results |= _round([*again, *skipped], look(), narrator)
    ordered = tuple(results[q.check.code] for q in questions)
    return _folded(ordered, duration_s=clock.monotonic() - began)


def _folded(results: Sequence[CheckResult], *, duration_s: float) -> CheckReport:
    """The report; where there is no cloud to ask, its checks are one line and not twenty."""
    cloud = [r for r in results if r.check.category is Category.CLOUD]
    reasons = {r.reason for r in cloud if r.outcome is Outcome.SKIPPED}
    if cloud and len(reasons) == 1 and all(r.outcome is Outcome.SKIPPED for r in cloud):
        kept = tuple(r for r in results if r.check.category is not Category.CLOUD)
        note = f"the cloud's own checks are left out: {reasons.pop()}"
        return CheckReport(results=kept, duration_s=duration_s, notes=(note,))
    return CheckReport(results=tuple(results), duration_s=duration_s)


def _may_heal(result: CheckResult, passed_s: float) -> bool:
    bad = result.outcome is Outcome.UNKNOWN or result.breaks
    return bad and passed_s < result.check.retry_s


def _round(
    questions: Sequence[Question], scene: Scene, narrator: Narrator
) -> dict[str, CheckResult]:
    """Ask all of them at once. An interruption leaves at once: nobody waits for dead servers."""
    waiting: SimpleQueue[Question] = SimpleQueue()
    answered: SimpleQueue[CheckResult | Exception] = SimpleQueue()
    for question in questions:
        waiting.put(question)

    def work() -> None:
        while True:
            try:
                question = waiting.get_nowait()
            except Empty:
                return
            try:
                answered.put(answer(question, scene))
            except Exception as bug:  # noqa: BLE001  raised again where somebody sees it
                answered.put(bug)

    for n in range(min(AT_A_TIME, len(questions))):
        # Daemons: they only read, and a process that is told to end must not wait for them.
        threading.Thread(target=work, name=f"check-{n}", daemon=True).start()
    results: dict[str, CheckResult] = {}
    for _ in questions:
        result = answered.get()
        if isinstance(result, Exception):
            raise result
        results[result.check.code] = result
        _show(results, questions, narrator)
    return results


def _show(
    results: Mapping[str, CheckResult], questions: Sequence[Question], narrator: Narrator
) -> None:
    """How far each category is, in one live line."""
    asked = Counter(str(q.check.category) for q in questions)
    done = Counter(str(r.check.category) for r in results.values())
    broken = Counter(str(r.check.category) for r in results.values() if r.breaks)
    narrator.live(
        {
            category: f"{done[category]}/{total}" + (f" ({n} ×)" if (n := broken[category]) else "")
            for category, total in asked.items()
        }
    )


def answer(question: Question, scene: Scene) -> CheckResult:
    """Ask one question."""
    check = question.check
    try:
        troubles = tuple(question.ask(scene))
    except NotAskedError as reason:
        return CheckResult(check=check, outcome=Outcome.SKIPPED, reason=str(reason))
    except AlbDrError as error:
        if check.gravity is Gravity.FATAL:
            trouble = Trouble(seen=error.message, fix=error.hint, cause=error.exit_code)
            return CheckResult(check=check, outcome=Outcome.FAILED, troubles=(trouble,))
        words = f"{error.message} ({error.hint})" if error.hint else error.message
        return CheckResult(check=check, outcome=Outcome.UNKNOWN, reason=words)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # An AlbConfig has no schema: the API stores every typo, a list in place of a mapping too.
        words = f"an object read for it has an unexpected form ({type(error).__name__}: {error})"
        return CheckResult(check=check, outcome=Outcome.UNKNOWN, reason=words)
    outcome = Outcome.FAILED if troubles else Outcome.PASSED
    return CheckResult(check=check, outcome=outcome, troubles=troubles)
