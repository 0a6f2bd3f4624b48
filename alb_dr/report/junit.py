"""A page as JUnit XML: one test case for each check, for CI."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.findings import Verdict
from alb_dr.report.document import Check, Page
from alb_dr.report.safe_text import for_xml


def junit(page: Page) -> str:
    """JUnit XML as Jenkins, GitLab and GitHub read it.

    FAIL is a failure; INCONCLUSIVE is an error: a test that could not be judged is not skipped
    over in silence.
    """
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    failures = sum(check.verdict is Verdict.FAIL for check in page.checks)
    errors = sum(check.verdict is Verdict.INCONCLUSIVE for check in page.checks)
    counts = f'tests="{len(page.checks)}" failures="{failures}" errors="{errors}" skipped="0"'
    time = f'time="{max(0.0, page.duration_s):.3f}"'
    name = for_xml(f"alb-dr {page.command}")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="alb-dr" {counts} {time}>'
    yield f'  <testsuite name="{name}" {counts} {time}>'
    for check in page.checks:
        yield from _case(page, check)
    yield "  </testsuite>"
    yield "</testsuites>"


def _case(page: Page, check: Check) -> Iterator[str]:
    opening = (
        f'<testcase classname="{for_xml(f"alb-dr.{page.command}")}" name="{for_xml(check.name)}"'
    )
    if check.verdict is Verdict.PASS:
        yield f"    {opening}/>"
        return
    tag = "failure" if check.verdict is Verdict.FAIL else "error"
    yield f"    {opening}>"
    message, detail = for_xml(check.text), for_xml(check.detail)
    yield f'      <{tag} type="{check.verdict.value}" message="{message}">{detail}</{tag}>'
    yield "    </testcase>"
