"""Run directories: private, never mixed up, found by the names people remember."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alb_dr.errors import BadInput, Conflict, Refused
from alb_dr.journal.rundir import (
    DESCRIPTION,
    LEAST_FREE,
    LEDGER,
    RunDir,
    create_run,
    find_run,
    free_bytes,
    require_room,
    runs,
)
from alb_dr.journal.verify_run import from_document, to_document
from alb_dr.model.findings import Finding, Severity
from alb_dr.model.verify import ProberFacts, Question, VerifyRun

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def a_run(state: Path, minutes: int = 0, verb: str = "verify") -> RunDir:
    """A run with a description."""
    run = create_run(state, verb, now=NOON + timedelta(minutes=minutes))
    run.write_json(DESCRIPTION, {"verb": verb})
    return run


def test_a_run_is_named_after_its_time_and_verb_and_is_private(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    assert run.name.startswith("20260301T120000.000Z-verify-")
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((run.path / DESCRIPTION).stat().st_mode) == 0o600


def test_a_run_is_found_by_path_name_short_id_and_as_the_latest(tmp_path: Path) -> None:
    old, new = a_run(tmp_path, 0), a_run(tmp_path, 5, "drill")
    assert [r.path for r in runs(tmp_path)] == [old.path, new.path]
    for wanted in (str(old.path), old.name, old.name[-8:]):
        assert find_run(tmp_path, wanted).path == old.path
    assert find_run(tmp_path, "latest").path == new.path
    create_run(tmp_path, "drill", now=NOON + timedelta(minutes=9))
    assert find_run(tmp_path, "latest").path == new.path, "what was refused has no page"


def test_a_run_is_found_by_the_id_of_what_it_records(tmp_path: Path) -> None:
    run = create_run(tmp_path, "shift", now=NOON, operation="0a1b2c3d")
    assert find_run(tmp_path, "0a1b2c3d").path == run.path


def test_runs_of_one_second_keep_their_order(tmp_path: Path) -> None:
    made = [create_run(tmp_path, "verify", now=NOON + timedelta(milliseconds=n)) for n in range(9)]
    assert [run.name for run in runs(tmp_path)] == [run.name for run in made]


def test_a_run_that_came_to_nothing_leaves_nothing(tmp_path: Path) -> None:
    kept, refused = a_run(tmp_path), create_run(tmp_path, "verify", now=NOON)
    kept.drop_undescribed()
    refused.drop_undescribed()
    assert [run.name for run in runs(tmp_path)] == [kept.name]


def test_F6_a_run_whose_intent_alone_could_be_written_stays(tmp_path: Path) -> None:
    full, refused = (create_run(tmp_path, "drill", now=NOON, operation=n) for n in ("1a", "2b"))
    (full.path / LEDGER).write_text('{"event": "intent"}\n')
    (refused.path / LEDGER).touch()
    full.drop_undescribed()
    refused.drop_undescribed()
    assert (full.path.exists(), refused.path.exists()) == (True, False)


def test_an_unknown_run_is_answered_with_the_newest(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        find_run(tmp_path, "latest")
    assert "none yet" in (caught.value.hint or "")
    run = a_run(tmp_path)
    with pytest.raises(BadInput) as caught:
        find_run(tmp_path, "nonsense")
    assert run.name in (caught.value.hint or "")


def test_a_given_directory_is_used_as_it_is_but_never_twice(tmp_path: Path) -> None:
    given = tmp_path / "here"
    run = create_run(tmp_path, "verify", now=NOON, given=given)
    assert run.path == given
    run.write_json(DESCRIPTION, {})
    with pytest.raises(Conflict):
        create_run(tmp_path, "verify", now=NOON, given=given)


def test_a_directory_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be made"):
        create_run(tmp_path / "file", "verify", now=NOON)


def test_a_damaged_description_is_bad_input(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    for text in ("{", "[]", "\x00"):
        run.write_text(DESCRIPTION, text)
        with pytest.raises(BadInput):
            run.read_json(DESCRIPTION)


def test_a_verify_run_survives_the_way_to_disk_and_back(tmp_path: Path) -> None:
    verify_run = VerifyRun(
        url="http://x:80/",
        host="x",
        addresses=("10.0.0.1",),
        load="500 requests, 16 at a time",
        started=NOON,
        weights_from="--expect",
        question=Question(names=("a", "b"), weights=(0.2, 0.8), tolerance=0.05),
        max_loss_rate=0.01,
        prober=ProberFacts(
            connections=5, late_p50_s=0.1, late_p99_s=0.2, local_failures=0, invalid=None
        ),
        control=(Finding(code="ADR-X", severity=Severity.WARNING, text="t", hint="h"),),
        cut_short=False,
        name="n",
    )
    run = a_run(tmp_path)
    run.write_json(DESCRIPTION, to_document(verify_run))
    document = run.read_json(DESCRIPTION)
    again = from_document({**document, "of a later version": 1})
    assert json.dumps(to_document(again)) == json.dumps(to_document(verify_run))
    assert again.question.tolerance == 0.05
    assert again.started == NOON


@pytest.mark.parametrize("key", ["question", "started", "prober", "control", "verb", "schema"])
def test_a_description_that_lacks_something_is_bad_input(key: str, tmp_path: Path) -> None:
    whole = {
        "schema": "alb-dr/run/1", "verb": "verify", "started": NOON.isoformat(), "prober": None,
        "control": None, "question": {"names": ["a"], "weights": [1.0]}, "url": "u", "host": "h",
        "addresses": [], "load": "l", "weights_from": "w", "max_loss_rate": 0.01,
    }  # fmt: skip
    assert from_document(whole).cut_short, "a run without an end was cut short"
    with pytest.raises(BadInput):
        from_document({k: v for k, v in whole.items() if k != key})


def test_G15_F6_a_disk_that_is_nearly_full_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    run = create_run(tmp_path, "drill", now=datetime(2026, 1, 2, tzinfo=UTC))
    require_room(run, free=lambda _: LEAST_FREE)
    assert run.path.exists()
    with pytest.raises(Refused, match=r"15\.0 MiB are free") as refusal:
        require_room(run, free=lambda _: LEAST_FREE - 2**20)
    assert refusal.value.code == "ADR-RUN-DIR-FULL"
    assert "--run-dir" in str(refusal.value.hint)
    assert not run.path.exists()
    assert free_bytes(tmp_path) > 0


def test_a_file_that_holds_no_object_is_refused(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    (run.path / "run.json").write_text("[]")
    with pytest.raises(BadInput, match="holds no object"):
        run.read_json("run.json")


def test_a_run_that_was_not_described_has_no_page(tmp_path: Path) -> None:
    run = create_run(tmp_path, "pin", now=NOON)
    with pytest.raises(BadInput, match=f"{run.name} has no page") as refusal:
        run.read_json("run.json")
    assert "ledger.jsonl" in str(refusal.value.hint)
