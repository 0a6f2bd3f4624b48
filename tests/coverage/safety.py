"""``make coverage-safety``: lines and branches that tests on fakes reach of what must never fail.

That is the drill, recover, the guard, the lock and the journal. The figure is the last line; what
is not reached is named before it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MODULES = (
    *("drill/*", "faults/*", "recover/*", "guard/*", "rails/*"),
    *("records/drill_record", "records/fleet_record", "records/lease"),
    *("members/drill_target", "scalers/keda_pause", "scalers/restore"),
)
"""Of the workflows."""
JOURNAL = ("ledger", "rundir", "documents", "drill_run", "samples")
TESTS = (
    *("drill*", "recover*", "guard", "install_guard", "keda_pause", "lease", "unlock", "obstacles"),
    *("scaler_return", "shift_lock", "emergency"),
)
"""Of the unit tests of workflows; those of the journal are run whole."""
OTHERS = ("tests/unit/journal", "tests/unit/cli/test_putting_back.py")
COVERAGE = (sys.executable, "-m", "coverage")


def main() -> int:
    """Run the tests, name what was not reached, end with the figure; 1 below 100 %."""
    files = [f"alb_dr/workflows/{name}.py" for name in MODULES]
    files += [f"alb_dr/journal/{name}.py" for name in JOURNAL]
    tests = [str(p) for n in TESTS for p in Path("tests/unit/workflows").glob(f"test_{n}.py")]
    with tempfile.TemporaryDirectory(prefix="adr-coverage-") as folder:
        os.environ["COVERAGE_FILE"] = f"{folder}/data"
        run = ("run", "--branch", "-m", "pytest", "-q", "-n", "0")
        done = subprocess.run([*COVERAGE, *run, *sorted(tests), *OTHERS], check=False)
        if done.returncode != 0:
            return done.returncode
        subprocess.run([*COVERAGE, "combine", "-q"], check=True)
        found = Path(folder) / "found.json"
        only = f"--include={','.join(files)}"
        subprocess.run([*COVERAGE, "json", "-q", only, "-o", str(found)], check=True)
        return _told(json.loads(found.read_text()))


def _told(found: dict[str, Any]) -> int:
    for name, file in found["files"].items():
        arcs = [f"{start}->{'exit' if end < 0 else end}" for start, end in file["missing_branches"]]
        if file["missing_lines"] or arcs:
            lines = ", ".join(map(str, file["missing_lines"])) or "none"
            print(f"{name}: lines {lines}; branches {', '.join(arcs) or 'none'}")
    total = found["totals"]
    print(
        f"coverage-safety: {total['percent_covered']:.2f} % "
        f"({total['covered_lines']}/{total['num_statements']} lines, "
        f"{total['covered_branches']}/{total['num_branches']} branches of {len(found['files'])} "
        "modules)"
    )
    return int(total["percent_covered"] < 100)


if __name__ == "__main__":
    sys.exit(main())
