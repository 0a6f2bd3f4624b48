"""``make fault-matrix``: every fault at every API call of every command; the figure is last.

``python -m tests.faults.matrix ingress --every 20``: a sample, of matching commands only.
``--command 'failover drill'``: that command alone; may be given again. ``--results FILE``: what
was right there in an earlier run is not run again, so a run that was cut short goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import Manager
from pathlib import Path
from queue import Empty, Queue

from tests.faults.bench import Bench, bench
from tests.faults.cases import Case, Result, recorded, run_case
from tests.faults.command import Command
from tests.faults.commands import COMMANDS

WORKERS = 4
"""Cases mostly wait, so there are more than cores."""
CHUNK = 20
"""So many cases are handed out at once: few enough that no worker is left with much to do alone,
many enough that making the world whole again after them costs little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some cases of one command; none, to ask which there are."""

    command: str
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a chunk: its results, or the cases there are."""

    chunk: Chunk
    results: tuple[Result, ...] = ()
    cases: tuple[Case, ...] = ()
    seconds: float = 0.0


Jobs = Queue[Chunk | None]
Reports = Queue[Report]


def _work(jobs: Jobs, reports: Reports, over: threading.Event, patience: float) -> None:
    """Do chunks until there is none or the run is over, in a sandbox of its own."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        # Whoever started it is told, and says when it is over: the sandbox must be ended.
        signal.signal(signum, lambda *_: None)
    while not over.is_set():
        with bench(patience=patience) as found:
            if _work_in(found, jobs, reports, over):
                return


def _work_in(found: Bench, jobs: Jobs, reports: Reports, over: threading.Event) -> bool:
    """Do chunks until there is none or the run is over; False when the world broke meanwhile."""
    while (chunk := jobs.get()) is not None and not over.is_set():
        began = time.monotonic()
        results: list[Result] = []
        cases: tuple[Case, ...] = ()
        is_whole = True
        try:
            if chunk.cases:
                cases_left = (case for case in chunk.cases if not over.is_set())
                results.extend(run_case(found, case) for case in cases_left)
            else:
                cases, problems = _recording(found, chunk)
                results.extend(problems)
            found.make_whole()
        except Exception as error:  # noqa: BLE001  whatever broke it is told, and a new one made
            name = f"{chunk.command}: the world around it"
            results.append(
                Result(key=name, name=name, wrong=f"broke: {type(error).__name__}: {error}")
            )
            is_whole = False
        seconds = time.monotonic() - began
        reports.put(Report(chunk=chunk, results=tuple(results), cases=cases, seconds=seconds))
        if not is_whole:
            return False
    return True


def _recording(found: Bench, chunk: Chunk) -> tuple[tuple[Case, ...], tuple[Result, ...]]:
    """The cases there are of a command, and what is wrong with it undisturbed."""
    command = next(c for c in COMMANDS if c.name == chunk.command)
    cases, problem = recorded(found, command)
    name = command.name
    wrong = (Result(key=name, name=name, wrong=problem),) if problem else ()
    return tuple(cases), wrong


class Results:
    """What is known so far, kept in a file if there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.found: dict[str, Result] = {}
        self.right_before: set[str] = set()
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                result = Result(**json.loads(line))
                is_right = result.came and not result.wrong
                (self.right_before.add if is_right else self.right_before.discard)(result.key)

    def add(self, results: tuple[Result, ...]) -> None:
        """Count them, and say what is wrong."""
        for result in results:
            self.found[result.key] = result
            if result.wrong:
                print(f"WRONG {result.name}\n      {result.wrong}", flush=True)
        if self._path is not None:
            with self._path.open("a") as file:
                file.writelines(json.dumps(asdict(result)) + "\n" for result in results)

    def left_of(self, cases: tuple[Case, ...]) -> list[Case]:
        """The cases still to be run; those that were right before count as they did."""
        for case in cases:
            if case.key in self.right_before:
                self.found[case.key] = Result(key=case.key, name=case.name, wrong=None)
        return [case for case in cases if case.key not in self.right_before]

    def figure(self) -> tuple[int, int]:
        """How many were right, of how many whose call came."""
        for missed in (r.name for r in self.found.values() if not r.came):
            print(f"did not come again, so not counted: {missed}")
        counted = [r for r in self.found.values() if r.came or r.wrong]
        return sum(r.wrong is None for r in counted), len(counted)


def _chunks(cases: list[Case]) -> Iterator[Chunk]:
    for first in range(0, len(cases), CHUNK):
        part = tuple(cases[first : first + CHUNK])
        yield Chunk(command=part[0].command.name, cases=part)


def _hand_out(
    jobs: Jobs,
    reports: Reports,
    over: threading.Event,
    workers: list[Future[None]],
    asked: tuple[list[Command], int],
    known: Results,
) -> None:
    """Have every command recorded, then every case run, unless it is over before."""
    commands, every = asked
    open_chunks = len(commands)
    for command in commands:
        jobs.put(Chunk(command=command.name))
    while open_chunks and not over.is_set():
        try:
            report = reports.get(timeout=1)
        except Empty:
            for worker in workers:
                if worker.done():
                    # It is not to end before the others: this raises why it did.
                    worker.result()
            continue
        open_chunks -= 1
        known.add(report.results)
        for chunk in _chunks(known.left_of(report.cases[::every])):
            jobs.put(chunk)
            open_chunks += 1
        done = f"{len(report.cases)} cases" if report.cases else f"{len(report.results)} run"
        print(f"{report.chunk.command}: {done} in {report.seconds:.0f} s", flush=True)


def _run(asked: argparse.Namespace, commands: list[Command], known: Results) -> None:
    """Share the work out; a signal ends it early, and no sandbox is left."""
    cut = threading.Event()
    with Manager() as manager, ProcessPoolExecutor(asked.workers) as pool:
        jobs: Jobs = manager.Queue()
        reports: Reports = manager.Queue()
        over = manager.Event()
        shared = (jobs, reports, over, asked.patience)
        workers = [pool.submit(_work, *shared) for _ in range(asked.workers)]
        for signum in (signal.SIGINT, signal.SIGTERM):
            # No exception: it would leave a question to the manager half asked.
            signal.signal(signum, lambda *_: cut.set())
        _hand_out(jobs, reports, cut, workers, (commands, asked.every), known)
        if cut.is_set():
            print("cut short", flush=True)
        over.set()
        for _ in workers:
            jobs.put(None)
        for worker in workers:
            worker.result()
        while not reports.empty():
            known.add(reports.get().results)


def main(asked: argparse.Namespace) -> int:
    """Run the matrix, say what is wrong, end with N/N."""
    commands = [
        c
        for c in COMMANDS
        if re.search(asked.only, c.name) and (not asked.command or c.name in asked.command)
    ]
    if missing := {*asked.command} - {c.name for c in commands}:
        sys.exit(f"no such command: {', '.join(sorted(missing))}")
    known = Results(asked.results)
    _run(asked, commands, known)
    right, counted = known.figure()
    print(f"fault matrix: {right}/{counted}")
    return int(right != counted)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="a pattern of commands")
    parser.add_argument("--command", action="append", default=[], help="one command; repeatable")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth case")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--patience", type=float, default=1.0, help="more on a busy machine")
    parser.add_argument("--results", type=Path, help="keep what was found in this file; go on")
    sys.exit(main(parser.parse_args()))
