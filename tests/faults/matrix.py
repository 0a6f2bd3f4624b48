"""``make fault-matrix``: every fault at every API call of every command; the figure is last."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.faults.bench import Bench, Finished, bench
from tests.faults.commands import COMMANDS, WHOLE, Command
from tests.faults.expectations import ABORTED, OK, OPEN, expected
from tests.faults.toxics import Rule, Toxic, toxics_for

WORKERS = 4
"""Cases mostly wait, so there are more than cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault at one call of one command."""

    command: Command
    api: str
    method: str
    path: str
    nth: int
    toxic: Toxic

    @property
    def name(self) -> str:
        """How the list names it."""
        where = f"{self.api}: {self.method} {_short(self.path)} #{self.nth}"
        return f"{self.command.name} | {where} | {self.toxic.name}"


def calls_of(found: Bench, command: Command) -> list[tuple[str, str, str, int]]:
    """Every API call a command makes: API, method, path pattern, and which one of its kind.

    Recorded by running it once, so that no call can be forgotten. Of the same call made again
    and again (a poll) the first two are taken.
    """
    found.prepare(command)
    found.arm("", None)
    done = found.run(command.words)
    assert done.code == 0, f"{command.name}: {done.code}: {done.stderr}"
    calls: list[tuple[str, str, str, int]] = []
    for api, proxy in found.proxies.items():
        counted: dict[tuple[str, str], int] = {}
        for method, path in proxy.seen:
            key = (method, _pattern(path))
            counted[key] = counted.get(key, 0) + 1
            if counted[key] <= 2:
                calls.append((api, *key, counted[key]))
    return calls


def cases_of(found: Bench, command: Command) -> list[Case]:
    """Every case of a command."""
    return [
        Case(command=command, api=api, method=method, path=path, nth=nth, toxic=toxic)
        for api, method, path, nth in calls_of(found, command)
        for toxic in toxics_for(method, path)
    ]


def problem_of(found: Bench, case: Case) -> str | None:
    """Run one case; what was wrong, or None."""
    found.prepare(case.command)
    rule = Rule(method=case.method, path=case.path, toxic=case.toxic, nth=case.nth)
    found.arm(case.api, rule)
    done = found.run(case.command.words, limit_s=case.command.seconds)
    struck = found.proxies[case.api].struck
    found.arm("", None)
    wrong = _wrong(found, case, done) if struck else None
    left = found.succeed(case.command.after)
    return wrong or (f"does not succeed afterwards: {left}" if left else None)


def _wrong(found: Bench, case: Case, done: Finished) -> str | None:
    if done.code == -1:
        return f"did not end within {case.command.seconds} s: {done.stderr[-200:]}"
    if "Traceback" in done.stderr:
        return f"a traceback: {done.stderr[-400:]}"
    wanted = expected(case.command, case.method, case.path, case.toxic)
    if done.code not in wanted:
        return f"exit code {done.code}, not {sorted(wanted)}: {done.stderr[-300:]}"
    if done.code and not re.search(r"\[ADR-|FAIL|INCONCLUSIVE|ABORTED", done.stderr + done.stdout):
        return f"no reason given: {done.stderr[-200:]}"
    return _disagreement(found, done) if case.command.harms else None


def _disagreement(found: Bench, done: Finished) -> str | None:
    """Whether the exit code of a drill agrees with what it left (invariant I8)."""
    is_open = bool(found.open_drills())
    if done.code in {OK, ABORTED} and is_open:
        return f"exit code {done.code}, but a drill is open"
    if done.code == OPEN and not is_open:
        return (
            None if "not ready" in done.stderr else f"says open, but is not: {done.stderr[-200:]}"
        )
    if is_open and done.code != OPEN:
        return f"exit code {done.code}, but a drill is open"
    return None


def _pattern(path: str) -> str:
    """A path with what changes from run to run left open."""
    text = re.escape(path)
    return re.sub(r"(resourceVersion|timeoutSeconds|continue)=[^&]*?(?=\\&|&|$)", r"\1=[^&]*", text)


def _short(pattern: str) -> str:
    plain = pattern.replace("\\", "")
    parts = urlsplit(plain)
    flags = [f for f in ("watch", "dryRun", "force") if f"{f}=" in parts.query]
    return parts.path + (f" ({', '.join(flags)})" if flags else "")


def _work(share: int, of: int, only: str) -> list[tuple[str, str | None]]:
    """One worker's part of the matrix, in a sandbox of its own."""
    results: list[tuple[str, str | None]] = []
    with bench() as found:
        for command in COMMANDS:
            if only not in command.name:
                continue
            cases = cases_of(found, command)
            problem = found.succeed(WHOLE)
            assert problem is None, problem
            for case in cases[share::of]:
                results.append((case.name, problem_of(found, case)))
                name, wrong = results[-1]
                if wrong:
                    print(f"WRONG {name}\n      {wrong}", flush=True)
    return results


def main(only: str = "") -> int:
    """Run the matrix, say what is wrong, end with N/N."""
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(_work, range(WORKERS), [WORKERS] * WORKERS, [only] * WORKERS))
    results = [result for part in parts for result in part]
    right = sum(wrong is None for _, wrong in results)
    print(f"fault matrix: {right}/{len(results)}")
    return int(right != len(results))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
