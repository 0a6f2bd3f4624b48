"""The answer of `check` in its formats, hostile words included."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from alb_dr.model.checks import (
    Category,
    Check,
    CheckReport,
    CheckResult,
    Gravity,
    Outcome,
    Trouble,
)
from alb_dr.report.checks_json import checks_data
from alb_dr.report.checks_junit import checks_junit
from alb_dr.report.checks_text import short_of, table_of

HOSTILE = 'a <b> & "c" \x1b[31mred'


def a_check(code: str, gravity: Gravity = Gravity.ERROR) -> Check:
    """A check with a code."""
    return Check(
        code=code, category=Category.FLEET, gravity=gravity, title=f"{code} holds",
        fix="mend it", why="Because.", retry_s=60,
    )  # fmt: skip


REPORT = CheckReport(
    results=(
        CheckResult(check=a_check("ADR-1"), outcome=Outcome.PASSED),
        CheckResult(
            check=a_check("ADR-2"),
            outcome=Outcome.FAILED,
            troubles=(Trouble(seen=HOSTILE), Trouble(seen="b", fix="do that")),
        ),
        CheckResult(
            check=a_check("ADR-3", Gravity.WARNING),
            outcome=Outcome.FAILED,
            troubles=(Trouble(seen="slow"),),
        ),
        CheckResult(check=a_check("ADR-4"), outcome=Outcome.SKIPPED, reason="not yet"),
        CheckResult(check=a_check("ADR-5"), outcome=Outcome.UNKNOWN, reason="forbidden"),
    ),
    duration_s=1.25,
    notes=("no cloud credentials: its checks are skipped",),
)

TABLE = """\
no cloud credentials: its checks are skipped

fleet
-----
√ ADR-1 holds
× ADR-2 holds  ADR-2
    a <b> & "c" [31mred
    b
    fix: mend it
    fix: do that
    more: alb-dr explain ADR-2
‼ ADR-3 holds  ADR-3
    slow
    fix: mend it
    more: alb-dr explain ADR-3
- ADR-4 holds (not yet)
? ADR-5 holds (forbidden)

FAIL: 1 passed, 1 broken, 1 to look at, 1 unknown, 1 skipped in 1.2 s"""


def test_the_table_says_what_was_seen_and_what_to_do() -> None:
    assert table_of(REPORT) == TABLE


def test_short_has_a_line_for_each_problem() -> None:
    assert short_of(REPORT).splitlines() == [
        "no cloud credentials: its checks are skipped",
        'ADR-2 error: a <b> & "c" [31mred',
        "ADR-2 error: b",
        "ADR-3 warning: slow",
        "ADR-5 unknown: forbidden",
        "FAIL: 1 passed, 1 broken, 1 to look at, 1 unknown, 1 skipped in 1.2 s",
    ]


def test_junit_is_xml_with_one_case_per_check() -> None:
    suite = ET.fromstring(checks_junit(REPORT)).find("testsuite")
    assert suite is not None
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [[], ["failure"], ["system-out"], ["skipped"], ["error"]]
    failure = suite[1][0]
    assert failure.get("message") == 'a <b> & "c" [31mred; b'
    assert failure.text == "mend it; do that"


def test_json_has_every_result() -> None:
    data = checks_data(REPORT)
    assert data["counts"] == {
        "passed": 1, "broken": 1, "warnings": 1, "unknown": 1, "skipped": 1,
    }  # fmt: skip
    second = data["checks"][1]
    assert second["anchor"] == "docs/reference/checks.md#adr-2"
    assert [s["fix"] for s in second["seen"]] == ["mend it", "do that"]
    assert second["severity"] == "error"
