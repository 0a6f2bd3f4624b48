"""The house: floors, budgets and names are checked, not hoped for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "alb_dr").rglob("*.py"))
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in the project's root."""
    program = Path(sys.executable).parent / words[0]
    return subprocess.run(
        [str(program), *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


def test_no_floor_is_broken() -> None:
    outcome = run("lint-imports", "--no-cache")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.timeout(600)
def test_types_are_complete() -> None:
    outcome = run("mypy")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_style_is_clean() -> None:
    outcome = run("ruff", "check", ".")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    outcome = run("ruff", "format", "--check", ".")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_keeps_to_its_budget(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert path.stem not in DRAWERS
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            # A command's options are its signature; the budget is for what it does.
            length = node.end_lineno - node.body[0].lineno
            assert length < 60, f"{node.name} is too long"
