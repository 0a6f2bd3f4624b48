"""Asking: selections, waiting, verdicts and exit codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from alb_dr.errors import CredentialsError, ExitCode, Forbidden, Unreachable
from alb_dr.model.checks import Category, Check, CheckReport, Gravity, Outcome, Trouble
from alb_dr.model.findings import Verdict
from alb_dr.workflows.preflight.catalogue import CHECKS, QUESTIONS
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.runner import Selection, run_checks
from alb_dr.workflows.preflight.scene import Ask, Question, Scene
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.preflight.world import World


def a_question(
    ask: Ask, *, gravity: Gravity = Gravity.ERROR, retry_s: float = 0.0, code: str = "ADR-TEST"
) -> Question:
    """A question that asks what a test wants."""
    check = Check(
        code=code, category=Category.FLEET, gravity=gravity, title="it holds", fix="mend it",
        why="because", retry_s=retry_s,
    )  # fmt: skip
    return Question(check=check, ask=ask)


def asked(questions: Sequence[Question], *, wait: bool = False) -> CheckReport:
    """What asking them says."""
    world = World()
    return run_checks(questions, world.scene, wait=wait, clock=StillClock(), narrator=TellTale())


def fine(_scene: Scene) -> Iterator[Trouble]:
    """Nothing is wrong."""
    yield from ()


def wrong(_scene: Scene) -> Iterator[Trouble]:
    """Something is wrong."""
    yield Trouble(seen="it does not hold")


def raising(error: Exception) -> Ask:
    """Asking fails."""

    def ask(_scene: Scene) -> Iterator[Trouble]:
        raise error
        yield

    return ask


def test_a_healthy_world_passes_with_exit_code_0() -> None:
    report = asked(QUESTIONS)
    kubernetes = [check for check in CHECKS if check.category is not Category.CLOUD]
    assert [r.check for r in report.results] == kubernetes
    assert (report.verdict, report.exit_code) == (Verdict.PASS, ExitCode.OK)
    assert report.count(Outcome.PASSED) == len(kubernetes)


def test_without_a_cloud_its_checks_are_one_line() -> None:
    report = asked(QUESTIONS)
    assert report.notes == (
        "the cloud's own checks are left out: the cloud SDKs are not installed",
    )
    assert not [r for r in report.results if r.check.category is Category.CLOUD]


def test_an_error_fails_and_a_warning_does_not() -> None:
    assert asked([a_question(wrong)]).exit_code is ExitCode.VERDICT_FAIL
    warned = asked([a_question(wrong, gravity=Gravity.WARNING)])
    assert (warned.exit_code, len(warned.warnings)) == (ExitCode.OK, 1)


def test_the_cause_of_a_fatal_failure_is_the_exit_code() -> None:
    for error in (CredentialsError("expired"), Unreachable("silence")):
        fatal = a_question(raising(error), gravity=Gravity.FATAL, code="ADR-FATAL")
        report = asked([a_question(wrong), fatal])
        assert report.exit_code is error.exit_code


def test_what_matters_and_cannot_be_asked_is_inconclusive() -> None:
    report = asked([a_question(fine), a_question(raising(Forbidden("no")), code="ADR-2")])
    assert (report.verdict, report.exit_code) == (Verdict.INCONCLUSIVE, ExitCode.INCONCLUSIVE)
    mild = asked([a_question(raising(Forbidden("no")), gravity=Gravity.WARNING)])
    assert mild.exit_code is ExitCode.OK


def test_what_does_not_apply_is_skipped_with_its_reason() -> None:
    (result,) = asked([a_question(raising(NotAskedError("not made yet")))]).results
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "not made yet")


def test_waiting_asks_again_until_it_heals() -> None:
    looks: list[int] = []

    def heals(_scene: Scene) -> Iterator[Trouble]:
        looks.append(1)
        if len(looks) < 3:
            yield Trouble(seen="not yet")

    assert asked([a_question(heals, retry_s=60)], wait=True).verdict is Verdict.PASS
    assert len(looks) == 3


def test_waiting_ends_at_the_checks_own_deadline() -> None:
    looks: list[int] = []

    def never(_scene: Scene) -> Iterator[Trouble]:
        looks.append(1)
        yield Trouble(seen="not yet")

    report = asked([a_question(never, retry_s=10)], wait=True)
    assert report.verdict is Verdict.FAIL
    assert 2 <= len(looks) <= 5


def test_waiting_does_not_ask_again_what_cannot_heal() -> None:
    looks: list[int] = []

    def never(_scene: Scene) -> Iterator[Trouble]:
        looks.append(1)
        yield Trouble(seen="wrong for good")

    asked([a_question(never)], wait=True)
    assert len(looks) == 1


def test_a_selection_takes_codes_and_categories() -> None:
    fleet = Selection(only=frozenset({"fleet"})).of(QUESTIONS)
    assert {q.check.category for q in fleet} == {Category.FLEET}
    one = Selection(only=frozenset({"ADR-CLOCK"})).of(QUESTIONS)
    assert [q.check.code for q in one] == ["ADR-CLOCK"]
    left = Selection(skip=frozenset({"fleet", "ADR-SERVICE"})).of(QUESTIONS)
    assert not {"ADR-CLOCK", "ADR-SERVICE"} & {q.check.code for q in left}


def test_pre_asks_nothing_that_must_be_made_first() -> None:
    world = World()
    for name, resource in (("web-demo", "ingresses.networking.k8s.io"),):
        world.fleet.remove(resource, name, "gateway-demo")
    world.fleet.remove("albconfigs.alibabacloud.com", "ackone-gateway-demo")
    pre = Selection(pre=True).of(QUESTIONS)
    report = run_checks(pre, world.scene, wait=False, clock=StillClock(), narrator=TellTale())
    assert report.count(Outcome.PASSED) == len(report.results) > 15


def test_codes_are_unique_and_texts_are_whole() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.code.startswith("ADR-")
        assert check.why.endswith("."), check.code
        assert not check.fix.endswith("."), check.code
        assert not check.title.endswith("."), check.code


def test_a_bug_in_a_check_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        asked([a_question(raising(ZeroDivisionError("a bug")))])


def test_the_live_view_says_how_far_each_category_is() -> None:
    voice = TellTale()
    questions = [a_question(fine), a_question(wrong, code="ADR-2")]
    run_checks(questions, World().scene, wait=False, clock=StillClock(), narrator=voice)
    assert len(voice.lives) == 2
    assert voice.lives[-1] == {"fleet": "2/2 (1 ×)"}


def test_what_was_skipped_is_asked_once_its_condition_holds() -> None:
    world = World()
    looks: list[int] = []

    def look() -> Scene:
        looks.append(1)
        down = Unreachable("Fleet: connection refused") if len(looks) < 3 else None
        world.fleet.fail = lambda call: down if call == "identity" else None
        return world.scene()

    wanted = Selection(only=frozenset({"fleet", "gateway"})).of(QUESTIONS)
    report = run_checks(wanted, look, wait=True, clock=StillClock(), narrator=TellTale())
    assert report.verdict is Verdict.PASS
    assert report.count(Outcome.PASSED) == len(wanted)
