"""A plan as data, and as a coloured diff; colour only beside a sign that says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.text import Text

from alb_dr.model.plan import Action, Change, Fate, FieldChange, Generated, Plan
from alb_dr.report.safe_text import plain

_ACTIONS = {
    Action.CREATE: ("+", "green", "create"),
    Action.UPDATE: ("~", "yellow", "change"),
    Action.KEEP: ("=", "dim", "unchanged"),
    Action.REPLACE: ("!", "red", "needs replacement"),
    Action.FOREIGN: ("x", "red", "belongs to somebody else"),
}
_FATES = {
    Fate.CREATE: ("+", "green", "will be generated"),
    Fate.UPDATE: ("~", "yellow", "will change"),
    Fate.KEEP: ("=", "dim", "unchanged"),
    Fate.DELETE: ("-", "red", "will be deleted"),
    Fate.ORPHAN: ("?", "yellow", "no longer generated, left behind"),
}


def plan_data(plan: Plan) -> dict[str, Any]:
    """Everything in the plan, for programs."""
    return {
        "differs": plan.differs,
        "problems": list(plan.problems),
        "moves_traffic": plan.moves_traffic,
        "changes": [_change_data(change) for change in plan.changes],
        "applications": [_application_data(a) for a in plan.applications],
        "weights": dict(plan.weights),
        "live_weights": dict(plan.live_weights),
        "notes": list(plan.notes),
        "made": plan.made.isoformat(),
    }


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "object": str(change.id),
        "action": str(change.action),
        "problem": change.problem or None,
        "fields": _field_data(change.fields),
    }


def _application_data(application: Generated) -> dict[str, Any]:
    return {
        "name": application.name,
        "fate": str(application.fate),
        "problem": application.problem or None,
        "fields": _field_data(application.fields),
    }


def _field_data(fields: Sequence[FieldChange]) -> list[dict[str, Any]]:
    return [{"path": f.path, "before": f.before, "after": f.after} for f in fields]


def plan_text(plan: Plan, *, colour: bool) -> str:
    """The diff: one line for each object, one for each field that changes, and a summary."""
    console = Console(
        file=StringIO(),
        width=200,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    with console.capture() as captured:
        for line in _lines(plan):
            console.print(line)
    return captured.get().rstrip("\n")


def _lines(plan: Plan) -> Iterator[Text]:
    for change in plan.changes:
        sign, style, words = _ACTIONS[change.action]
        yield _headline(sign, style, plain(change.id), words, change.problem)
        yield from _field_lines(change.fields, created=change.live is None)
    if plan.applications:
        yield Text("Applications that Argo CD generates:", style="bold")
    for application in plan.applications:
        sign, style, words = _FATES[application.fate]
        yield _headline(sign, style, plain(application.name), words, application.problem)
        yield from _field_lines(application.fields, created=False)
    for note in plan.notes:
        yield Text(f"note: {plain(note)}", style="dim")
    yield Text(summary(plan), style="bold")


def _headline(sign: str, style: str, name: str, words: str, problem: str) -> Text:
    text = Text.assemble((f"{sign} {name}", style), f"  {words}")
    if problem:
        text.append(f": {plain(problem)}", style="red")
    return text


def _field_lines(fields: Sequence[FieldChange], *, created: bool) -> Iterator[Text]:
    for field in fields:
        for path, before, after in _leaves(field.path, field.before, field.after):
            if created:
                yield Text.assemble("    ", (f"+ {plain(path)}: {_value(after)}", "green"))
            else:
                yield Text.assemble(
                    f"    ~ {plain(path)}: ",
                    (_value(before), "red"),
                    " -> ",
                    (_value(after), "green"),
                )


def _leaves(path: str, before: object, after: object) -> Iterator[tuple[str, object, object]]:
    """A changed mapping or list as its leaves, so that each line shows one value."""
    whole = before if after is None else after
    if (before is None or after is None) and isinstance(whole, Mapping) and whole:
        for key, inner in whole.items():
            dotted = f"{path}[{key}]" if "." in str(key) or "/" in str(key) else f"{path}.{key}"
            yield from _leaves(dotted, *((None, inner) if before is None else (inner, None)))
    elif (before is None or after is None) and isinstance(whole, list) and whole:
        for n, inner in enumerate(whole):
            sides = (None, inner) if before is None else (inner, None)
            yield from _leaves(f"{path}[{n}]", *sides)
    else:
        yield path, before, after


def _value(value: object) -> str:
    return "(absent)" if value is None else plain(repr(value), longest=120)


def summary(plan: Plan) -> str:
    """One sentence: how much there is to do, and whether it may be done."""
    counts = (
        (plan.count(Action.CREATE), "to create"),
        (plan.count(Action.UPDATE), "to change"),
        (plan.count(Action.KEEP), "unchanged"),
    )
    words = ", ".join(f"{number} {what}" for number, what in counts)
    if plan.problems:
        number = len(plan.problems)
        return f"plan: {words}; {number} thing{'s' if number > 1 else ''} must be settled first"
    moved = "; it moves traffic" if plan.moves_traffic else ""
    if plan.differs:
        return f"plan: {words}{moved}"
    return "nothing to change" if plan.notes else "everything is as the file says"
