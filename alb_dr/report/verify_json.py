"""The data of a `verify` report in the JSON envelope (docs/reference/json.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from alb_dr.model.findings import Finding
from alb_dr.model.verify import Latency, VerifyReport


def verify_data(report: VerifyReport) -> dict[str, Any]:
    """Plain values; shares from 0 to 1, times in seconds, instants as ISO 8601."""
    run, traffic = report.run, report.traffic
    return {
        "run": run.name,
        "cut_short": run.cut_short,
        "started": run.started.isoformat(),
        "duration_s": traffic.last_s - traffic.first_s,
        "target": {"url": run.url, "host": run.host, "addresses": list(run.addresses)},
        "load": run.load,
        "weights_from": run.weights_from,
        "requests": traffic.requests,
        "outcomes": {outcome.name.lower(): n for outcome, n in traffic.outcomes.items()},
        "unattributed": traffic.unattributed,
        "ambiguous": traffic.ambiguous,
        "by_address": dict(traffic.addresses),
        "rate": traffic.rate,
        "split": _split(report),
        "loss": _plain(report.loss),
        "latency": {
            "all": _latency(traffic.latency),
            "members": _by_member(report, [_latency(q) for q in traffic.member_latency]),
        },
        "prober": {**_plain(report.prober), "reused": traffic.reused},
        "control": None if run.control is None else [finding(f) for f in run.control],
        "findings": [finding(f) for f in report.findings],
    }


def finding(found: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    return _plain(found)


def _split(report: VerifyReport) -> dict[str, Any]:
    document = _plain(report.distribution)
    document["sequential"] = report.run.question.sequential
    document["shares"] = [_plain(share) for share in report.distribution.shares]
    return document


def _by_member(report: VerifyReport, values: Sequence[object]) -> Mapping[str, object]:
    names = [share.name for share in report.distribution.shares]
    return dict(zip(names, values, strict=True))


def _latency(latency: Latency | None) -> dict[str, Any] | None:
    return None if latency is None else _plain(latency)


def _plain(noun: Any) -> dict[str, Any]:
    return {
        f.name: str(v) if isinstance(v := getattr(noun, f.name), str) else v
        for f in dataclasses.fields(noun)
    }
