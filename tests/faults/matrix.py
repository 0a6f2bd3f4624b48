"""``make fault-matrix``: every fault at every API call of every command; the figure is last.

``python -m tests.faults.matrix ingress --every 20``: a sample, of matching commands only.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import Manager
from queue import Empty, Queue
from urllib.parse import urlsplit

from tests.faults.agreement import World, changed, claims_nothing_changed, world
from tests.faults.bench import Bench, Finished, bench
from tests.faults.command import Command
from tests.faults.commands import COMMANDS
from tests.faults.expectations import expected
from tests.faults.toxics import Rule, Toxic, toxics_for

WORKERS = 4
"""Cases mostly wait, so there are more than cores."""
PARTS = 3
"""Into so many parts a command's cases are divided among the workers."""
INSTALLED = 50
"""Every so manieth case is run with the installed program, not with a fork."""
TRIES = 3
"""A case counts only when the machine was in time and its call came; it is tried so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault at one call of one command."""

    command: Command
    api: str
    method: str
    path: str
    nth: int
    toxic: Toxic
    installed: bool = False

    @property
    def name(self) -> str:
        """How the list names it."""
        where = f"{self.api}: {self.method} {_short(self.path)} #{self.nth}"
        return f"{self.command.name} | {where} | {self.toxic.name}"


Call = tuple[str, str, str, int]
"""API, method, path pattern, and which one of its kind."""


def calls_of(found: Bench, command: Command) -> list[Call]:
    """Every API call a command makes.

    Recorded by running it once, so that no call can be forgotten. Of the same call made again
    and again (a poll) the first two are taken.
    """
    found.prepare(command)
    found.arm("", None)
    done = found.run(command.words)
    assert done.code in command.ends, f"{command.name}: {done.code}: {done.stderr}"
    calls: list[Call] = []
    for api, proxy in found.proxies.items():
        counted: Counter[tuple[str, str]] = Counter()
        for method, path in proxy.seen:
            key = (method, _pattern(path))
            counted[key] += 1
            if counted[key] <= 2:
                calls.append((api, *key, counted[key]))
    return calls


def cases_of(found: Bench, command: Command) -> list[Case]:
    """Every case of a command."""
    made = [
        (api, method, path, nth, toxic)
        for api, method, path, nth in calls_of(found, command)
        for toxic in toxics_for(method, path)
    ]
    return [
        Case(
            command=command,
            api=api,
            method=method,
            path=path,
            nth=nth,
            toxic=toxic,
            installed=n % INSTALLED == INSTALLED - 1,
        )
        for n, (api, method, path, nth, toxic) in enumerate(made)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a case went; one whose call did not come again says nothing."""

    name: str
    wrong: str | None
    came: bool = True


def run_case(found: Bench, case: Case) -> Result:
    """Run one case, again when the machine was late or the call did not come."""
    result = Result(name=case.name, wrong=None, came=False)
    for _ in range(TRIES):
        result, late = _run_once(found, case)
        if result.came and not (late and result.wrong):
            break
    return result


def problem_of(found: Bench, case: Case) -> str | None:
    """What was wrong with one case, or None."""
    return run_case(found, case).wrong


def _run_once(found: Bench, case: Case) -> tuple[Result, bool]:
    """One try, and whether the machine was too busy for it to count."""
    found.prepare(case.command)
    before = world(found) if case.command.writes else {}
    rule = Rule(method=case.method, path=case.path, toxic=case.toxic, nth=case.nth)
    found.arm(case.api, rule)
    done = found.run(case.command.words, limit_s=case.command.seconds, installed=case.installed)
    came = found.proxies[case.api].struck
    late = found.was_late
    found.arm("", None)
    wrong = _wrong(found, case, done, before) if came else None
    left = found.succeed(case.command.after)
    wrong = wrong or (f"does not succeed afterwards: {left}" if left else None)
    return Result(name=case.name, wrong=wrong, came=came), late


def _wrong(found: Bench, case: Case, done: Finished, before: World) -> str | None:
    if done.code == -1:
        return f"did not end within {case.command.seconds} s: {done.stderr[-200:]}"
    if "Traceback" in done.stderr:
        return f"a traceback: {done.stderr[-400:]}"
    if any(token in done.stdout + done.stderr for token in found.tokens):
        return "a bearer token is in what it says"
    wanted = expected(case.command, case.method, case.path, case.toxic)
    if done.code not in wanted:
        return f"exit code {done.code}, not {sorted(wanted)}: {done.stderr[-300:]}"
    if done.code and not re.search(r"\[ADR-|FAIL|INCONCLUSIVE|ABORTED", done.stderr + done.stdout):
        return f"no reason given: {done.stderr[-200:]}"
    if before and claims_nothing_changed(done) and (differs := changed(before, world(found))):
        return f"says that nothing was changed ({done.code}), but: {differs}: {done.stderr[-300:]}"
    return case.command.agrees(found, done) if case.command.agrees else None


def _pattern(path: str) -> str:
    """A path with what changes from run to run left open."""
    text = re.escape(path)
    return re.sub(r"(resourceVersion|timeoutSeconds|continue)=[^&]*?(?=\\&|&|$)", r"\1=[^&]*", text)


def _short(pattern: str) -> str:
    plain = pattern.replace("\\", "")
    parts = urlsplit(plain)
    flags = [f for f in ("watch", "dryRun", "force") if f"{f}=" in parts.query]
    return parts.path + (f" ({', '.join(flags)})" if flags else "")


Job = tuple[str, int]
"""A command's name, and which part of its cases."""


def _work(worker: int, jobs: Queue[Job], every: int) -> list[Result]:
    """Do jobs until none is left, in a sandbox of its own."""
    results: list[Result] = []
    with bench() as found:
        while (job := _next(jobs)) is not None:
            name, part = job
            began = time.monotonic()
            command = next(c for c in COMMANDS if c.name == name)
            cases, problem = _recorded(found, command)
            if problem is not None:
                results.append(Result(name=name, wrong=problem))
                print(f"WRONG {name}\n      {problem}", flush=True)
            cases = cases[::every][part::PARTS]
            for case in cases:
                results.append(run_case(found, case))
                if results[-1].wrong:
                    print(f"WRONG {case.name}\n      {results[-1].wrong}", flush=True)
            found.make_whole()
            seconds = time.monotonic() - began
            print(f"[{worker}] {name} {part}: {len(cases)} in {seconds:.0f} s", flush=True)
    return results


def _recorded(found: Bench, command: Command) -> tuple[list[Case], str | None]:
    """The cases of a command; why it could not be recorded, which must not end the others."""
    problem = None
    for _ in range(TRIES):
        try:
            return cases_of(found, command), None
        except AssertionError as error:
            problem = f"does not do its work undisturbed: {error}"
            found.make_whole()
    return [], problem


def _next(jobs: Queue[Job]) -> Job | None:
    try:
        return jobs.get_nowait()
    except Empty:
        return None


def main(only: str = "", every: int = 1, workers: int = WORKERS) -> int:
    """Run the matrix, say what is wrong, end with N/N."""
    with Manager() as manager, ProcessPoolExecutor(workers) as pool:
        jobs = manager.Queue()
        for command in COMMANDS:
            for part in range(PARTS if re.search(only, command.name) else 0):
                jobs.put((command.name, part))
        numbers = range(workers)
        parts = list(pool.map(_work, numbers, [jobs] * workers, [every] * workers))
    results = [result for part in parts for result in part]
    for missed in (r.name for r in results if not r.came):
        print(f"did not come again, so not counted: {missed}")
    counted = [result for result in results if result.came or result.wrong]
    right = sum(result.wrong is None for result in counted)
    print(f"fault matrix: {right}/{len(counted)}")
    return int(right != len(counted))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("only", nargs="?", default="", help="a pattern of commands")
    asked.add_argument("--every", type=int, default=1, help="only every so manieth case")
    asked.add_argument("--workers", type=int, default=WORKERS)
    sys.exit(main(**vars(asked.parse_args())))
