"""The wheel holds the package with the templates inside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_carries_every_template(tmp_path: Path) -> None:
    # The build backend is one of the developers' tools: nothing is fetched while tests run.
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-build-isolation"]
    subprocess.run(
        [*build, "--no-deps", "-w", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=110,
    )
    (wheel,) = tmp_path.glob("alb_dr-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for template in (ROOT / "templates").rglob("*"):
        if template.is_file():
            assert f"alb_dr/templates/{template.relative_to(ROOT / 'templates')}" in inside
    assert "alb_dr/py.typed" in inside
    assert not [name for name in inside if name.startswith("tests/")]
