"""Writes the generated reference pages: ``python -m tests.docs.reference``."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from alb_dr.cli.main import run
from alb_dr.config.json_schema import project_schema

ROOT = Path(__file__).resolve().parents[2]


def help_of(*words: str) -> str:
    """What a command's --help prints on 90 columns; in this process, a start takes far longer."""
    printed = io.StringIO()
    with mock.patch.dict(os.environ, {"COLUMNS": "90", "LINES": "50", "TERMINAL_WIDTH": "90"}):
        with redirect_stdout(printed):
            code = run([*words, "--help"])
    assert code == 0, words
    return printed.getvalue().strip()


def commands(*words: str) -> list[tuple[str, ...]]:
    """This command and everything below it."""
    from alb_dr.cli.app import GROUPS, VERBS

    if words:
        text = help_of(*words)
        names = text.partition("Commands:")[2].splitlines()
        found = [line.split()[0] for line in names if line.startswith("  ") and line.strip()]
        return [(*words, name) for name in found if name != "Global"]
    below = [c for group in GROUPS for c in [(group,), *commands(group)]]
    return [(), *((verb,) for verb in VERBS), *below]


def cli_reference() -> str:
    """All commands with their options, as --help prints them."""
    parts = ["# Commands", "", "Generated from the program: `python -m tests.docs.reference`.", ""]
    for words in commands():
        title = " ".join(["alb-dr", *words])
        parts += [f"## {title}", "", "```", help_of(*words), "```", ""]
    return "\n".join(parts)


def project_file_reference() -> str:
    """Every key of the project file with its meaning."""
    schema = project_schema()
    rows = [
        "# The project file",
        "",
        "Generated from the code that reads it. `alb-dr schema` prints",
    ]
    rows += ["the JSON schema ([alb-dr.schema.json](alb-dr.schema.json)) for editors.", ""]
    rows += ["| key | type | default | meaning |", "|---|---|---|---|"]
    rows += _rows("", schema, schema["$defs"])
    return "\n".join(rows) + "\n"


def _rows(prefix: str, part: dict, definitions: dict) -> list[str]:  # type: ignore[type-arg]
    rows = []
    for name, field in part.get("properties", {}).items():
        inner = _definition(field, definitions)
        many = "[]" if field.get("type") == "array" else ""
        kind = _kind(field)
        default = json.dumps(field["default"]) if "default" in field and inner is None else ""
        required = name in part.get("required", [])
        shown = "**required**" if required else f"`{default}`" if default else ""
        meaning = field.get("description") or (inner or {}).get("description", "")
        rows.append(f"| `{prefix}{name}{many}` | {kind} | {shown} | {meaning} |")
        if inner is not None:
            rows += _rows(f"{prefix}{name}{many}.", inner, definitions)
    return rows


def _definition(field: dict, definitions: dict) -> dict | None:  # type: ignore[type-arg]
    for holder in (field, field.get("items", {}), *field.get("anyOf", [])):
        if "$ref" in holder:
            return definitions[holder["$ref"].rpartition("/")[2]]
    return None


def _kind(field: dict) -> str:  # type: ignore[type-arg]
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return str(field["anyOf"][0].get("type", "mapping"))
    if "$ref" in field:
        return "mapping"
    return {"array": "list", "object": "mapping"}.get(field.get("type"), field.get("type", ""))


def checks_reference() -> str:
    """Every check, and every complaint of the controller that is known."""
    from alb_dr.workflows.live.event_advice import CATALOGUE
    from alb_dr.workflows.preflight.catalogue import CHECKS

    rows = [
        "# Checks",
        "",
        "Generated from the program: `python -m tests.docs.reference`. `alb-dr check` asks them,",
        "`alb-dr explain CODE` prints a paragraph of this page. An `error` or `fatal` check that",
        "fails ends `check` with 9 (or the code of what kept an API from answering), one that",
        "matters and cannot be asked with 14; warnings and infos end with 0. Those marked *pre*",
        "can be known before anything is applied (`--pre`); `--wait` asks those with a limit",
        "again.",
        "",
        "| code | category | severity | holds when | pre | wait |",
        "|---|---|---|---|---|---|",
    ]
    for check in CHECKS:
        link = f"[`{check.code}`](#{check.code.lower()})"
        pre = "pre" if check.pre else ""
        wait = f"{check.retry_s:g} s" if check.retry_s else ""
        rows.append(
            f"| {link} | {check.category} | {check.gravity} | {check.title} | {pre} | {wait} |"
        )
    for check in CHECKS:
        rows += ["", f"## {check.code}", "", f"Holds when {check.title}. {check.why}", ""]
        rows += [f"What to do: {check.fix}."]
    rows += ["", "## Complaints of the controller", ""]
    rows += [
        "What an event of AlbConfig or Ingress says, and the advice `check`, `gateway wait` and"
    ]
    rows += [
        "`ingress apply` give.",
        "",
        "| id | pattern | meaning | advice |",
        "|---|---|---|---|",
    ]
    for event in CATALOGUE:
        pattern = event.pattern.replace("|", "\\|")
        rows.append(f"| `{event.id}` | `{pattern}` | {event.meaning} | {event.advice} |")
    return "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Every generated page and what it should hold."""
    folder = ROOT / "docs" / "reference"
    return {
        folder / "cli.md": cli_reference(),
        folder / "checks.md": checks_reference(),
        folder / "project-file.md": project_file_reference(),
        folder / "alb-dr.schema.json": json.dumps(project_schema(), indent=2) + "\n",
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
