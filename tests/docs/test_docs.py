"""The docs: generated pages are current, links lead somewhere, the README's lines are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alb_dr.errors import ExitCode
from tests.docs.reference import pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_generated_pages_are_current() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, f"run: python -m tests.docs.reference ({path.name})"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_exit_code_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    for code in ExitCode:
        assert re.search(rf"^\| .*\b{int(code)}\b.* \|", text, flags=re.MULTILINE), code


def test_every_environment_variable_is_documented() -> None:
    sources = "".join(p.read_text() for p in (ROOT / "alb_dr").rglob("*.py"))
    text = (ROOT / "docs" / "reference" / "environment.md").read_text()
    for variable in set(re.findall(r"ALB_DR_[A-Z_]*[A-Z]", sources)):
        assert f"`{variable}`" in text, variable


def test_every_template_variable_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "templates.md").read_text()
    for template in (ROOT / "templates").rglob("*.j2"):
        for name in re.findall(r"\$\{ ([a-z_.]+) \| q \}", template.read_text()):
            assert f"`{name}`" in text, name
