"""What a command may answer to a fault: the documented exit codes, by fault and call."""

from __future__ import annotations

from alb_dr.errors import ExitCode
from tests.faults.command import Command, Manner
from tests.faults.toxics import Effect, Toxic

OK, UNREACHABLE = int(ExitCode.OK), int(ExitCode.UNREACHABLE)
TIMED_OUT, PARTLY = int(ExitCode.TIMED_OUT), int(ExitCode.PARTLY_APPLIED)
CREDENTIALS, FORBIDDEN = int(ExitCode.CREDENTIALS), int(ExitCode.FORBIDDEN)
CONFLICT, REJECTED = int(ExitCode.CONFLICT), int(ExitCode.REJECTED)
ABORTED, OPEN = int(ExitCode.DRILL_ABORTED), int(ExitCode.RESTORE_INCOMPLETE)
REFUSED = int(ExitCode.REFUSED)
FAIL, INCONCLUSIVE = int(ExitCode.VERDICT_FAIL), int(ExitCode.INCONCLUSIVE)

IDENTITY = ("/namespaces/kube-system", "/selfsubjectreviews")
"""What tells which cluster it is, and for whom one is held; without the right to ask that is only
warned about."""
TRANSIENT = frozenset({Effect.DELAY, Effect.STALE})
"""Faults that leave the answer usable."""

SPOILED = frozenset({Effect.HALF, Effect.DRIP})
"""Faults that pass a request on and spoil the answer."""


def expected(command: Command, method: str, path: str, toxic: Toxic) -> set[int]:
    """The exit codes that are right when this happens to this call of this command."""
    plain = path.replace("\\", "")
    codes = _codes(method, path, toxic) | command.others | _allowed(command, method, plain, toxic)
    if command.writes and not codes <= {OK}:
        # What fails after something was written says what: see the check of such claims.
        codes = codes | {PARTLY}
    if command.manner is Manner.TELLS:
        codes = codes | {OK}
    if command.manner is Manner.JUDGES:
        # The worst answer's own cause, else that it failed, else that it could not be told.
        codes = codes | {OK, FAIL, INCONCLUSIVE}
    if command.manner is Manner.RESTORES:
        codes = codes | {OK, FAIL, INCONCLUSIVE, ABORTED, OPEN, TIMED_OUT, UNREACHABLE, CONFLICT}
    return codes


def _allowed(command: Command, method: str, plain: str, toxic: Toxic) -> set[int]:
    """What this command may answer as well, since the call matters less to it than to others."""
    listed = plain.partition("?")[0]
    forbidden = toxic.status == 403
    good = (
        any(part in plain for part in command.optional),
        # A lock that cannot be given back is said, and gives way by itself.
        method == "DELETE" and "/leases/" in plain,
        command.looks_at_lock_last and method == "GET" and "/leases/" in plain,
        # A role with the names of its own objects cannot look for strays, and needs not.
        forbidden and method == "GET" and listed.endswith(command.unlisted),
        # Who is in the way is what a plan shows.
        command.shows_conflicts and toxic.status == 409 and "dryRun" in plain,
        # A role of one namespace cannot read it, and must be able to restore all the same.
        forbidden and plain.endswith(IDENTITY),
    )
    codes = {OK} if any(good) else set()
    if toxic.effect is Effect.STALE and command.waits:
        # Who is shown the past for ever waits for the present in vain.
        codes.add(TIMED_OUT)
    if command.cloud and toxic.effect is Effect.STATUS:
        # What a cloud does not explain in its own words it has rejected.
        codes.add(REJECTED)
    return codes


def _codes(method: str, path: str, toxic: Toxic) -> set[int]:
    watched = "watch=true" in path
    if toxic.effect in TRANSIENT:
        # An old answer may make a write fail its tests, or say that what was just made is not
        # there; a late one is an answer.
        return {OK, CONFLICT, REJECTED} if toxic.effect is Effect.STALE else {OK}
    if toxic.effect is Effect.COMMIT_DROP:
        return {OK}
    if toxic.once and toxic.effect is not Effect.STATUS:
        # A read is repeated; a write that may have happened is looked for, not repeated.
        return {OK} if method == "GET" else {OK, UNREACHABLE, PARTLY}
    codes = _refusals(method, toxic) if toxic.effect is Effect.STATUS else {UNREACHABLE}
    if toxic.effect in SPOILED and method != "GET":
        # The write happened; looking shows it, if it can be seen.
        codes = codes | {OK}
    if toxic.effect is Effect.OTHER_CERTIFICATE:
        # The proxy cuts first; when the time is up before the next handshake, that is what counts.
        codes = {CREDENTIALS, UNREACHABLE}
    if method != "GET":
        # A rejected object after accepted ones is a partial application, and says which.
        codes = codes | {PARTLY}
    if watched:
        # A watch that fails is a poll; the command may end well, or wait in vain.
        codes = codes | {OK, TIMED_OUT, UNREACHABLE}
    return codes


def _refusals(method: str, toxic: Toxic) -> set[int]:
    by_status = {
        401: {CREDENTIALS},
        403: {FORBIDDEN},
        409: {CONFLICT},
        410: {UNREACHABLE, REJECTED},
        422: {REJECTED, CONFLICT},
    }
    if toxic.once:
        # 429 was refused before anything happened, so even a write is repeated.
        return {OK} if method == "GET" or toxic.status == 429 else {OK, UNREACHABLE}
    return by_status.get(toxic.status, {UNREACHABLE})
