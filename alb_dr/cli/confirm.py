"""Consent: ask on a terminal, refuse without ``--yes`` elsewhere."""

from __future__ import annotations

import sys

from alb_dr.errors import BadInput, Refused


def confirm(question: str, *, yes: bool) -> None:
    """Return when the person agrees; Refused when not, BadInput when nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput(
            "this needs consent, and there is no terminal to ask on", hint="add --yes to agree"
        )
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed; nothing was changed", code="ADR-DECLINED")
