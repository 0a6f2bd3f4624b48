"""The page of a command that came to no report: one check, and one line of why."""

from __future__ import annotations

from alb_dr.model.findings import Verdict
from alb_dr.report.document import Check, Page


def short_page(command: str, verdict: Verdict, text: str, *, detail: str = "") -> Page:
    """What the command came to; ``detail`` says what to do next."""
    return Page(
        title=f"alb-dr {command}",
        verdict=verdict,
        headline=f"{text}; {detail}" if detail else text,
        sections=(),
        checks=(Check(name=command, verdict=verdict, text=text, detail=detail),),
        command=command,
    )
