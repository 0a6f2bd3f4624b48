"""``alb-dr explain``: what a code means and what to do about it."""

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.model.checks import Check
    from alb_dr.workflows.live.event_advice import EventAdvice

WIDTH = 88


def explain(
    ctx: typer.Context,
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="As alb-dr printed it: ADR-..., or an event's id.")
    ],
) -> None:
    """Print the paragraph of the documentation about a code; contact nobody."""
    from alb_dr.model.codes import PARAGRAPHS
    from alb_dr.workflows.live.event_advice import CATALOGUE
    from alb_dr.workflows.preflight.catalogue import CHECKS

    wanted = code.upper()
    for check in CHECKS:
        if check.code == wanted:
            answer(ctx, _check(check), _check_data(check))
            return
    for event in CATALOGUE:
        if event.id == wanted.replace("-", "_"):
            answer(ctx, _event(event), _event_data(event))
            return
    paragraph = PARAGRAPHS.get(wanted)
    if paragraph is None:
        known = [*(c.code for c in CHECKS), *PARAGRAPHS, *(e.id for e in CATALOGUE)]
        raise BadInput(f"{code!r} is no code of alb-dr", hint=_close(wanted, known))
    answer(ctx, f"{wanted}\n\n{_filled(paragraph)}", {"code": wanted, "why": paragraph})


def _close(wanted: str, known: list[str]) -> str:
    import difflib

    found = difflib.get_close_matches(wanted, known, n=3)
    return (
        f"did you mean {' or '.join(found)}?" if found else "all checks: docs/reference/checks.md"
    )


def _check(check: "Check") -> str:
    when = "before anything is applied" if check.pre else "once it has been applied"
    return "\n".join(
        [
            f"{check.code}  ({check.gravity}, {check.category}; asked {when})",
            "",
            f"Checks that {check.title}.",
            "",
            _filled(check.why),
            "",
            _filled(f"What to do: {check.fix}."),
        ]
    )


def _check_data(check: "Check") -> dict[str, Any]:
    return {
        "code": check.code,
        "category": str(check.category),
        "severity": str(check.gravity),
        "title": check.title,
        "why": check.why,
        "fix": check.fix,
        "anchor": check.anchor,
    }


def _event(event: "EventAdvice") -> str:
    heals = " It heals by itself." if event.heals else ""
    return "\n".join(
        [
            f"{event.id}  (an event of the controller)",
            "",
            f"Recognised by: {event.pattern}",
            "",
            _filled(f"It means: {event.meaning}.{heals}"),
            "",
            _filled(f"What to do: {event.advice}."),
        ]
    )


def _event_data(event: "EventAdvice") -> dict[str, Any]:
    return {
        "code": event.id,
        "pattern": event.pattern,
        "why": event.meaning,
        "fix": event.advice,
        "heals": event.heals,
    }


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
