"""Every format of a report: complete, escaped for itself, and the same numbers in each."""

from __future__ import annotations

import html.parser
import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from alb_dr.model.findings import Finding, Severity, Verdict
from alb_dr.model.sample import Outcome
from alb_dr.model.verify import ProberFacts, Question, VerifyReport, VerifyRun
from alb_dr.report import plots
from alb_dr.report.document import Check, Page, Section, Table
from alb_dr.report.html import html as html_page
from alb_dr.report.junit import junit
from alb_dr.report.markdown import markdown
from alb_dr.report.safe_text import for_csv, for_markdown, plain
from alb_dr.report.terminal import text_of
from alb_dr.report.verify_json import verify_data
from alb_dr.report.verify_page import verify_page
from alb_dr.stats.verification import reduced, report_of
from tests.fakes.prober import ORIGIN
from tests.fakes.samples import a_sample, answers, columns_of

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "=cmd|'/c calc'!A0",
    "[click](javascript:alert(1)) ![x](http://evil/x.png)",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J",
    "\u202etxt.exe\u2066",
    "a\r\nb\tc\x00\x08\x7f\x9b1m",
    "| cell | `code` | *bold* _it_ <b> & \"quotes\" 'single' $x$ ~~no~~",
    "\ud800 lone surrogate \ufffe",
    "x" * 5000,
]


def a_report(*counts: int, errors: int = 0, **changes: Any) -> VerifyReport:
    """A report of so many answers of two members."""
    question = Question(names=("poc-ack-1", "poc-ack-2"), weights=(0.2, 0.8))
    values: dict[str, Any] = {
        "url": "http://alb-1.localhost:8001/svc1",
        "host": "alb.ingress.alibaba.com",
        "addresses": ("127.0.0.1",),
        "load": "500 requests, 16 at a time",
        "started": ORIGIN,
        "weights_from": "the live Ingress",
        "question": question,
        "max_loss_rate": 0.01,
        "prober": ProberFacts(
            connections=500, late_p50_s=0.0001, late_p99_s=0.001, local_failures=0, invalid=None
        ),
        "cut_short": False,
        "name": "20260301T120000.000Z-verify-abcdef",
    }
    columns = answers(*counts)
    columns.extend(columns_of([a_sample(0, at_s=1, outcome=Outcome.RESET)] * errors))
    run = VerifyRun(**(values | changes))
    return report_of(run, reduced(run.question, [columns]))


def hostile_page(text: str) -> Page:
    """A page with the text in every place."""
    table = Table(header=(text, "n"), rows=[(text, text)], numbers=(1,), title=text)
    return Page(
        title=text,
        verdict=Verdict.FAIL,
        headline=text,
        sections=(Section(title=text, facts=((text, text),), sentences=(text,), tables=(table,)),),
        findings=(Finding(code="ADR-X", severity=Severity.ERROR, text=text, hint=text),),
        checks=(Check(name=text, verdict=Verdict.FAIL, text=text, detail=text),),
        footer=text,
    )


class Tags(html.parser.HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def visible(text: str) -> bool:
    """Whether a text has only characters that show or end a line."""
    return all(char == "\n" or char.isprintable() for char in text)


def test_the_terminal_shows_shares_power_losses_and_latency() -> None:
    text = text_of(verify_page(a_report(100, 400)), colour=False)
    assert text.startswith("PASS  the shares agree with the weights")
    for words in ("16.6 to 23.8 %", "would catch a shift to 25.3 % or 15.2 % with 80 % power",
                  "at most 0.60 %", "p99.9", "the live Ingress", "verify-abcdef"):  # fmt: skip
        assert words in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_one_expected_member_is_no_matter_of_a_test() -> None:
    question = Question(names=("poc-ack-1", "poc-ack-2"), weights=(1.0, 0.0))
    text = " ".join(text_of(verify_page(a_report(500, 0, question=question)), colour=False).split())
    assert "test" not in text
    assert "poc-ack-2 has weight 0 and answered nothing" in text


def test_colour_is_only_used_when_asked_for() -> None:
    page = verify_page(a_report(100, 400))
    assert "\x1b" not in text_of(page, colour=False)
    assert "\x1b[" in text_of(page, colour=True)


def test_a_run_cut_short_says_so_in_every_format() -> None:
    page = verify_page(a_report(100, 400, cut_short=True))
    for text in (text_of(page, colour=False), markdown(page), html_page(page)):
        assert "cut short" in text


def test_a_failure_leads_with_its_reason() -> None:
    page = verify_page(a_report(100, 400, errors=50))
    assert page.verdict is Verdict.FAIL
    assert "50 of 550 requests were not served" in page.headline


def test_the_json_carries_what_the_page_says() -> None:
    data = json.loads(json.dumps(verify_data(a_report(125, 375))))
    assert data["split"]["verdict"] == "fail"
    assert data["split"]["shares"][0]["count"] == 125
    assert data["outcomes"] == {"ok": 500}
    assert data["latency"]["members"]["poc-ack-1"]["count"] == 125
    assert data["findings"][0]["severity"] == "error"
    assert data["control"] is None


def test_junit_has_a_case_for_each_check() -> None:
    suite = ET.fromstring(junit(verify_page(a_report(125, 375))))
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert len(cases) == int(suite.get("tests", "0")) == 4
    failed = cases["share of poc-ack-1 agrees with its weight"].find("failure")
    assert failed is not None
    assert failed.get("message") == "25.0 % for weight 20 %"
    assert suite.get("failures") == "2"


def test_an_inconclusive_check_is_an_error_not_a_pass() -> None:
    suite = ET.fromstring(junit(verify_page(a_report(0, 0))))
    assert int(suite.get("errors", "0")) == 3
    assert suite.get("failures") == "0"


def test_html_asks_the_network_for_nothing() -> None:
    page = html_page(verify_page(a_report(100, 400, errors=3)))
    tags = Tags(page)
    assert "script" not in tags.tags
    for name, value in tags.attributes:
        if name in {"src", "href", "xlink:href", "action", "srcset"}:
            assert (value or "").startswith(("#", "data:,")), f"{name}={value}"
    assert not re.search(r"url\((?!#)|@import", page)
    assert "default-src 'none'" in page


def test_html_has_a_chart_for_shares_losses_and_latency_in_the_pages_colours() -> None:
    page = html_page(verify_page(a_report(100, 400, errors=3)))
    assert page.count("<svg") == 3
    assert page.count('role="img"') == 3
    assert "var(--series-1)" in page
    assert not re.search(r"(fill|stroke): #(?!fff|000)", page), "a colour that ignores the scheme"
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for used in re.findall(r'(?:url\(|href=")#([^)"]+)', page):
        assert used in ids


def test_html_without_matplotlib_has_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "available", lambda: False)
    page = html_page(verify_page(a_report(100, 400)))
    assert "<svg" not in page
    assert "alb-dr[plots]" in page
    assert "16.6 to 23.8 %" in page


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_F74_html_holds_only_our_own_tags(text: str) -> None:
    ours = Tags(html_page(hostile_page("harmless")))
    theirs = Tags(html_page(hostile_page(text)))
    assert theirs.tags == ours.tags
    assert [name for name, _ in theirs.attributes] == [name for name, _ in ours.attributes]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_F74_junit_stays_well_formed(text: str) -> None:
    root = ET.fromstring(junit(hostile_page(text)))
    assert [e.tag for e in root.iter()] == ["testsuites", "testsuite", "testcase", "failure"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_F73_no_format_carries_control_or_bidi_characters(text: str) -> None:
    page = hostile_page(text)
    for dressed in (text_of(page, colour=False), markdown(page), junit(page), html_page(page)):
        assert visible(dressed)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_F74_markdown_keeps_its_rows_and_makes_no_links(text: str) -> None:
    ours, theirs = markdown(hostile_page("harmless")), markdown(hostile_page(text))
    assert len(theirs.splitlines()) == len(ours.splitlines())
    cells = [re.sub(r"\\.", "", line).count("|") for line in theirs.splitlines()]
    assert cells == [line.count("|") for line in ours.splitlines()]
    bare = re.sub(r"\\.", "", theirs)
    assert not re.search(r"\]\(|https?:|<[a-z/!]", bare)


def test_F74_a_spreadsheet_sees_no_formula() -> None:
    assert for_csv("=1+1") == "'=1+1"
    assert for_csv("fine") == "fine"


def test_markdown_leaves_ordinary_words_alone() -> None:
    assert for_markdown("poc-ack-1: 20.0 % (p = 0.2)") == "poc-ack-1: 20.0 % (p = 0.2)"
    assert for_markdown("20.0 %") == "20.0 %"
    assert for_markdown("1. a list") == "1\\. a list"


def test_long_text_is_cut() -> None:
    assert len(plain("x" * 5000)) == 500


def test_a_series_name_cannot_start_mathematics_in_a_plot() -> None:
    question = Question(names=("$\\frac{1}{0}$", "_hidden"), weights=(0.2, 0.8))
    page = html_page(verify_page(a_report(100, 400, question=question)))
    assert "frac" in page
    assert ">hidden<" in page
