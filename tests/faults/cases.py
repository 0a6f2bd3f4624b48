"""The cases of the fault matrix: which fault at which call of which command, and how it went."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import inf
from urllib.parse import urlsplit

from tests.faults.agreement import World, lies, world
from tests.faults.bench import CLOUD, Bench, Finished
from tests.faults.command import Command, Manner
from tests.faults.expectations import expected
from tests.faults.toxics import Effect, Rule, Toxic, toxics_for

INSTALLED = 50
"""Every so manieth case is run with the installed program, not with a fork."""
STARTING_S = 15.0
"""Longest the start of Python and of everything imported may take on a busy machine."""
HARM = re.compile(r"/(deployments|ingresses)/[^?]*(?!.*dryRun)")
"""The path of a write that harms."""
REASON = re.compile(r"\[ADR-|FAIL|INCONCLUSIVE|ABORTED|stopping: \S|STOPPED|does NOT follow")
"""What a command that did not succeed says at least."""
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
    def key(self) -> str:
        """What tells it from every other, also in another run."""
        call = f"{self.api} {self.method} {self.path} {self.nth}"
        return f"{self.command.name} | {call} | {self.toxic.name}"

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
    and again (a poll) the first two are taken, and of a command that harms and takes back the
    first one under the harm, too.
    """
    found.prepare(command)
    found.arm("", None)
    done = found.run(command.words)
    assert done.code in command.ends, f"{command.name}: {done.code}: {done.stderr}"
    harmed_at = _harmed_at(found) if command.manner is Manner.RESTORES else inf
    calls: list[Call] = []
    for api, proxy in found.doors.items():
        counted: Counter[tuple[str, str]] = Counter()
        under_harm: set[tuple[str, str]] = set()
        for (method, path), at in zip(proxy.seen, proxy.seen_at, strict=True):
            key = (method, pattern_of(path))
            counted[key] += 1
            is_under_harm = at >= harmed_at and key not in under_harm
            if is_under_harm:
                under_harm.add(key)
            is_first = counted[key] <= 2 and not command.harms_only
            is_its = command.only in path and (not command.cloud or api == CLOUD)
            if is_its and (is_first or is_under_harm):
                calls.append((api, *key, counted[key]))
    return calls


def _harmed_at(found: Bench) -> float:
    """When it first changed a workload or weights; never, if it did not."""
    return min(
        (
            at
            for proxy in found.proxies.values()
            for (method, path), at in zip(proxy.seen, proxy.seen_at, strict=True)
            if method == "PATCH" and HARM.search(path)
        ),
        default=inf,
    )


def cases_of(found: Bench, command: Command) -> list[Case]:
    """Every case of a command."""
    made = [
        (api, method, path, nth, toxic)
        for api, method, path, nth in calls_of(found, command)
        for toxic in toxics_for(method, path)
        if api != CLOUD or toxic.effect is not Effect.OTHER_CERTIFICATE
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

    key: str
    name: str
    wrong: str | None
    came: bool = True


def run_case(found: Bench, case: Case) -> Result:
    """Run one case, again when the machine was late or the call did not come."""
    result = Result(key=case.key, name=case.name, wrong=None, came=False)
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
    limit_s = case.command.seconds + (STARTING_S if case.installed else 0.0)
    done = found.run(case.command.words, limit_s=limit_s, installed=case.installed)
    came = found.doors[case.api].struck
    late = found.was_late
    found.arm("", None)
    wrong = _wrong(found, case, done, before) if came else None
    left = found.succeed(case.command.after)
    wrong = wrong or (f"does not succeed afterwards: {left}" if left else None)
    return Result(key=case.key, name=case.name, wrong=wrong, came=came), late


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
    if done.code and not REASON.search(done.stderr + done.stdout):
        return f"no reason given: {done.stderr[-200:]}"
    if before and (lie := lies(found, done, before)):
        return lie
    return case.command.agrees(found, done) if case.command.agrees else None


def recorded(found: Bench, command: Command) -> tuple[list[Case], str | None]:
    """The cases of a command; why it could not be recorded, which must not end the others."""
    problem = None
    for _ in range(TRIES):
        try:
            return cases_of(found, command), None
        except AssertionError as error:
            problem = f"does not do its work undisturbed: {error}"
            found.make_whole()
    return [], problem


def pattern_of(path: str) -> str:
    """A path as a pattern, with what changes from run to run left open: a drill's id, too."""
    text = re.escape(path)
    text = re.sub(r"(resourceVersion|timeoutSeconds|continue)=[^&]*?(?=\\&|&|$)", r"\1=[^&]*", text)
    return re.sub(r"(alb\\-dr\\-drill\\-)[0-9a-f]+", r"\1[0-9a-f]+", text)


def _short(pattern: str) -> str:
    plain = pattern.replace("\\", "")
    parts = urlsplit(plain)
    flags = [f for f in ("watch", "dryRun", "force") if f"{f}=" in parts.query]
    return parts.path + (f" ({', '.join(flags)})" if flags else "")
