"""Start-up stays light: what is loaded is tested, not how long it took."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "kubernetes",
    "alibabacloud_tea_openapi",
    "alibabacloud_alb20200616",
    "alibabacloud_vpc20160428",
    "alibabacloud_credentials",
    "jinja2",
    "yaml",
    "rich",
    "aiohttp",
    "cryptography",
    "matplotlib",
    "uvloop",
    "httptools",
    "asyncio",
)
COMMANDS = (
    [],
    ["gateway"],
    ["gateway", "create"],
    ["ingress", "set-weights"],
    ["distribute", "apply"],
    ["check"],
    ["explain"],
    ["init"],
    ["sandbox", "cloud"],
    ["plan"],
    ["up"],
    ["status"],
    ["down"],
    ["ingress", "shift"],
    ["ingress", "pin"],
)


def loaded(code: str) -> set[str]:
    """The heavy modules that are loaded after ``code`` ran in a fresh interpreter."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    outcome = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(outcome.stdout.splitlines()[-1]))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = f"from alb_dr.cli.main import run; assert run({[*words, '--help']!r}) == 0"
    assert loaded(code) == set()


def test_version_does_not_even_load_the_command_line() -> None:
    code = "\n".join(
        [
            "import sys",
            "from alb_dr.cli.main import run",
            "assert run(['version']) == 0",
            "assert 'typer' not in sys.modules",
        ]
    )
    assert loaded(code) == set()
