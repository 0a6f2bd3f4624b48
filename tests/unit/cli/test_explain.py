"""`alb-dr explain`: every code alb-dr can print is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alb_dr.cli.main import run
from alb_dr.model.codes import PARAGRAPHS
from alb_dr.workflows.live.event_advice import CATALOGUE
from alb_dr.workflows.preflight.catalogue import CHECKS

SOURCES = Path(__file__).resolve().parents[3] / "alb_dr"


def codes_in_the_sources() -> set[str]:
    """Every code that is written anywhere in the program."""
    text = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
    return set(re.findall(r'"(ADR-[A-Z0-9-]+)"', text))


def test_every_code_is_explained() -> None:
    known = {check.code for check in CHECKS} | PARAGRAPHS.keys()
    assert codes_in_the_sources() - known == set()


def test_no_code_is_explained_twice_or_for_nothing() -> None:
    assert not {check.code for check in CHECKS} & PARAGRAPHS.keys()
    assert PARAGRAPHS.keys() <= codes_in_the_sources()


def test_a_check_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "adr-clock"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ADR-CLOCK  (warning, fleet; asked before anything is applied)\n")
    assert "timedatectl set-ntp true." in out
    assert all(len(line) <= 88 for line in out.splitlines())


def test_an_error_is_explained_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "ADR-OPEN", "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data == {"code": "ADR-OPEN", "why": PARAGRAPHS["ADR-OPEN"]}


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda e: e.id)
def test_an_event_is_explained(event: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", event.id]) == 0  # type: ignore[attr-defined]
    assert capsys.readouterr().out.startswith(f"{event.id}  (an event")  # type: ignore[attr-defined]


def test_an_unknown_code_is_refused_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "ADR-CLOK"]) == 2
    assert "did you mean ADR-CLOCK" in capsys.readouterr().err
