"""The status as one screen of text, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from alb_dr.model.status import GatewayStatus, MemberStatus, Status
from alb_dr.report.safe_text import plain

_HEADER = (
    "MEMBER",
    "ZONE",
    "PODS",
    "ENDPOINTS",
    "CONNECTED",
    "FILE",
    "LIVE",
    "SEEN",
    "APPLICATION",
)


def status_data(status: Status) -> dict[str, Any]:
    """Everything, for programs."""
    return {**asdict(status), "attention": list(status.attention)}


def status_text(status: Status) -> str:
    """Gateway, members, traffic, drift, and what needs attention, in this order."""
    lines = [
        *_gateway(status.gateway),
        "",
        *_table([_HEADER, *(_row(m) for m in status.members)]),
        "",
        f"traffic    {_traffic(status)}",
        *_drift(status.drift),
        *_listed("attention", status.attention, "nothing"),
        *(_listed("lock", (status.lock,), "") if status.lock else ()),
        *(_listed("note", status.notes, "") if status.notes else ()),
    ]
    return "\n".join(lines)


def _drift(drift: Sequence[str] | None) -> Iterator[str]:
    if drift is None:
        return _listed("drift", (), "unknown: the file could not be compared with the clusters")
    return _listed("drift", drift, "none: everything is as the file says")


def _gateway(gateway: GatewayStatus | None) -> Iterator[str]:
    if gateway is None:
        yield "gateway    unknown"
        return
    where = "  ".join(plain(x) for x in (gateway.alb_id, gateway.dns_name) if x)
    yield f"gateway    {plain(gateway.name)}  {plain(gateway.lacking or 'ready')}"
    if where:
        yield f"           {where}"
    listeners = [plain(x) for x in gateway.listeners]
    listeners += [f"{plain(x)} (not in the file)" for x in gateway.strange_listeners]
    yield f"listeners  {', '.join(listeners) or 'none'}"


def _row(member: MemberStatus) -> tuple[str, ...]:
    pods = "?" if member.ready_pods is None else f"{member.ready_pods}/{member.wanted_pods}"
    connected = {True: "yes", False: "no", None: "?"}[member.connected]
    return (
        plain(member.name),
        plain(member.zone or "-"),
        pods,
        "?" if member.endpoints is None else str(member.endpoints),
        connected,
        str(member.file_weight),
        plain(member.live_weight) if member.live_weight is not None else "-",
        "-" if member.share is None else f"{member.share:.0%}",
        plain(member.application or "?", longest=60),
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _traffic(status: Status) -> str:
    traffic = status.traffic
    if not traffic.requests:
        return plain(traffic.words)
    verdict = "follows the weights" if traffic.agrees else "does NOT follow the weights"
    return f"{verdict}: {plain(traffic.words)} ({traffic.requests} requests)"


def _listed(title: str, found: Sequence[str], nothing: str) -> Iterator[str]:
    if not found:
        yield f"{title:<11}{nothing}"
    for n, line in enumerate(found):
        yield f"{title if n == 0 else '':<11}{plain(line)}"
