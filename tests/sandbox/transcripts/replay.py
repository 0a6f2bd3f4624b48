"""Replays recorded exchanges of a real API against the embedded one and compares the answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import yaml

from alb_dr.sandbox.kube import garbage
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from tests.sandbox.transcripts.recorder import NOTICE_S, Recorder

FOLDER = Path(__file__).parent
SCENARIOS = (
    "discovery",
    "errors",
    "namespace",
    "crd",
    "apply-albconfig",
    "status-albconfig",
    "ingressclass",
    "ingress-weights",
    "deployment-drill",
    "configmap-bare-annotations",
    "lease",
    "lists",
    "watch",
    "finalizers",
    "access",
    "admission",
    "workload-lifecycle",
    "namespace-deletion",
)
"""In the order in which they were recorded against one empty API."""
TOKEN = "admin-token"
RECORDED_TOKEN = "<token>"
"""What stands in a recording for a token that was issued."""
QUOTATION = 'Invalid value: "{'
"""How a message begins to repeat a document."""
WITH_THAT_TOKEN = frozenset(f"access/{n}" for n in range(8, 13))
"""Exchanges in which the recorder used it."""
SKIPPED_FIELDS = frozenset(
    {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "time",
        "selfLink",
        "clusterIP",
        "clusterIPs",
        "nodePort",
        "lastTransitionTime",
        "lastUpdateTime",
        "lastHeartbeatTime",
        "startTime",
        "continue",
        "retryAfterSeconds",
        "storageVersionHash",
        "description",
        "pod-template-hash",
    }
)
"""What differs by nature between two servers; of a table only columns and cells count."""


@dataclass
class Outcome:
    """One exchange: equal or not, and what differed first."""

    scenario: str
    number: int
    step: str
    differences: list[str] = field(default_factory=list)
    not_served: str | None = None

    @property
    def name(self) -> str:
        """How lists name it."""
        return f"{self.scenario}/{self.number}"

    @property
    def equal(self) -> bool:
        """Whether nothing differed."""
        return not self.differences


def not_served() -> dict[str, str]:
    """Exchanges that are not served on purpose, with the reason."""
    return yaml.safe_load((FOLDER / "not_served.yaml").read_text()) or {}


async def replay_all() -> list[Outcome]:
    """Every exchange of every scenario, in order, against one empty API."""
    with patch.object(garbage, "NOTICE_S", NOTICE_S):
        return await _replayed()


async def _replayed() -> list[Outcome]:
    cluster = EmbeddedCluster("replay")
    port = await cluster.serve(host="127.0.0.1", port=0, tls=None, tokens={TOKEN: "admin"})
    recorder = Recorder(cluster)
    reasons = not_served()
    known: dict[str, str] = {}
    outcomes: list[Outcome] = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for scenario in SCENARIOS:
            content = json.loads((FOLDER / "data" / f"{scenario}.json").read_text())
            for n, exchange in enumerate(content["exchanges"]):
                outcome = Outcome(scenario, n, exchange["step"])
                outcome.not_served = reasons.get(outcome.name)
                if _would_go_astray(exchange, outcome):
                    outcome.differences.append("not sent: it would not be refused")
                    outcomes.append(outcome)
                    continue
                await recorder.before(outcome.name)
                meanwhile = recorder.during(outcome.name)
                await _exchange(session, exchange, outcome, known)
                await meanwhile
                outcomes.append(outcome)
    await cluster.stop_serving()
    return outcomes


def _would_go_astray(exchange: Mapping[str, Any], outcome: Outcome) -> bool:
    """A write that was refused by what we do not serve would leave another state behind."""
    refused = exchange["response"]["status"] >= 400
    return bool(outcome.not_served) and refused and exchange["request"]["method"] != "GET"


async def _exchange(
    session: aiohttp.ClientSession,
    exchange: Mapping[str, Any],
    outcome: Outcome,
    known: dict[str, str],
) -> None:
    request = exchange["request"]
    wanted = {"note": exchange.get("note", ""), **exchange["response"]}
    text = _carried(json.dumps(request), known)
    request = json.loads(text)
    body = request.get("body")
    data = body if isinstance(body, str) or body is None else json.dumps(body)
    headers = {k: v for k, v in request.get("headers", {}).items() if k != "Content-Length"}
    # The recorder's own library, which becomes the manager of fields it writes.
    headers.setdefault("User-Agent", "python-urllib3/2")
    if "no credentials" in exchange["step"] or "anonymous" in exchange["step"]:
        pass
    elif "bad token" in exchange["step"]:
        headers["Authorization"] = "Bearer nonsense"
    elif outcome.name in WITH_THAT_TOKEN:
        headers["Authorization"] = f"Bearer {known[RECORDED_TOKEN]}"
    else:
        headers["Authorization"] = f"Bearer {TOKEN}"
    try:
        async with session.request(
            request["method"],
            request["path"],
            data=data,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=8),
            skip_auto_headers=("Content-Type",),
        ) as response:
            raw = await response.text()
            _judge(outcome, wanted, response.status, raw, known)
    except TimeoutError:
        outcome.differences.append("no end")
    await asyncio.sleep(0.02)


def _judge(
    outcome: Outcome, wanted: Mapping[str, Any], status: int, raw: str, known: dict[str, str]
) -> None:
    if status != wanted["status"]:
        outcome.differences.append(f"status {status}, not {wanted['status']}: {raw[:160]}")
    if "events" in wanted:
        events = [json.loads(line) for line in raw.splitlines() if line.strip()]
        _learn(wanted["events"], events, known)
        theirs, ours = _once_bookmarked(wanted["events"]), _once_bookmarked(events)
        compare("events", _bare(theirs), _bare(ours), outcome.differences)
        return
    try:
        body: Any = json.loads(raw)
    except ValueError:
        body = raw
    _learn(wanted.get("body"), body, known)
    compare("", _bare(wanted.get("body")), _bare(_cut(wanted, body)), outcome.differences)


def _cut(wanted: Mapping[str, Any], body: Any) -> Any:
    """Our answer, cut as the recorder cut a long one."""
    theirs = wanted.get("body")
    if not isinstance(theirs, dict) or not isinstance(body, dict):
        return body
    if theirs.get("note") == "cut":
        return {**{k: body.get(k) for k in theirs}, "note": "cut"}
    if str(wanted.get("note", "")).startswith("items cut"):
        kept = [item["metadata"]["name"] for item in theirs["items"]]
        items = [i for i in body["items"] if i["metadata"].get("name") in kept]
        return {**body, "items": items}
    return body


def _once_bookmarked(events: list[Any]) -> list[Any]:
    """Bookmarks in a row as one: how many there are is a matter of time."""
    kinds = [event["type"] for event in events]
    return [
        event
        for n, event in enumerate(events)
        if not (n and kinds[n] == kinds[n - 1] == "BOOKMARK")
    ]


def _carried(text: str, known: Mapping[str, str]) -> str:
    """The request with our own versions and ids where it carries those of an earlier answer."""
    for theirs, ours in known.items():
        if theirs == RECORDED_TOKEN:
            continue
        if len(theirs) > 12:
            text = text.replace(theirs, ours)
        else:
            pattern = rf'((?:resourceVersion(?:=|\\*":\s*\\*"))){theirs}(?!\d)'
            text = re.sub(pattern, rf"\g<1>{ours}", text)
    return text


def _learn(theirs: Any, ours: Any, known: dict[str, str]) -> None:
    """Remember which of our values stands for which of theirs."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in ("uid", "resourceVersion", "continue", "token"):
            if isinstance(theirs.get(key), str) and isinstance(ours.get(key), str):
                known[theirs[key]] = ours[key]
        for key in theirs.keys() & ours.keys():
            _learn(theirs[key], ours[key], known)
    elif isinstance(theirs, list) and isinstance(ours, list):
        for one, other in zip(theirs, ours, strict=False):
            _learn(one, other, known)


def _bare(value: Any) -> Any:
    """A value without what differs by nature."""
    if isinstance(value, dict):
        bare = {k: _bare(v) for k, v in value.items() if k not in SKIPPED_FIELDS}
        if isinstance(bare.get("managedFields"), list):
            # Compared per manager: the order follows times, which differ by nature.
            bare["managedFields"].sort(key=_manager)
        if isinstance(bare.get("fieldsV1"), dict):
            # An empty map stands for an owned leaf here: it must not count as nothing.
            bare["fieldsV1"] = sorted(_bare(p) for p in _field_paths(bare["fieldsV1"], ""))
        return bare
    if isinstance(value, list):
        return [_bare(v) for v in value]
    if isinstance(value, str):
        value = _bare_quotation(value)
        value = re.sub(r"^eyJ[\w-]+\.[\w-]+\.[\w-]+$", RECORDED_TOKEN, value)
        value = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<uid>", value)
        value = re.sub(r"(?<=^alb-dr-)[a-z0-9]{5}$", "<generated>", value)
        # A template's hash and what is named after it are generated too.
        value = re.sub(r"(?<=web-demo-)[a-z0-9]{8,10}(-[a-z0-9]{5})?\b", "<generated>", value)
        value = re.sub(r"(?<=life-)[a-z0-9]{8,10}(-([a-z0-9]{5})?)?", "<generated>", value)
        value = re.sub(r"(?<=^service1-)[a-z0-9]{5}$", "<generated>", value)
        value = re.sub(r"^127\.0\.0\.1:\d+$", "<address>", value)
        # A version inside a quoted document.
        value = re.sub(r'("resourceVersion": ")\d+', r"\1<version>", value)
        value = re.sub(r"^\d+[smhd]$", "<age>", value)
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", value)
    return value


def _bare_quotation(message: str) -> str:
    """A message that repeats a whole document, with that document's managed fields by manager.

    A server orders them by times of whole seconds: two writes beside a second's turn stand in
    another order than two within one.
    """
    before, found, rest = message.partition(QUOTATION)
    if not found:
        return message
    quoted, end = json.JSONDecoder().raw_decode('"{' + rest)
    document = json.loads(quoted)
    document["metadata"].get("managedFields", []).sort(key=_manager)
    return f"{before}{QUOTATION}{json.dumps(document)}{rest[end - 2 :]}"


def _field_paths(fields: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, inner in fields.items():
        yield f"{path}/{key}"
        yield from _field_paths(inner, f"{path}/{key}")


def _manager(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["manager"], entry["operation"], entry.get("subresource", "")


def compare(path: str, wanted: Any, got: Any, found: list[str]) -> None:
    """Every difference, by path."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in sorted({*wanted, *got}):
            compare(f"{path}.{key}", wanted.get(key), got.get(key), found)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for n, (one, other) in enumerate(zip(wanted, got, strict=True)):
            compare(f"{path}[{n}]", one, other, found)
    elif wanted != got and not _both_empty(wanted, got):
        found.append(f"{path}: {json.dumps(got)[:120]}, not {json.dumps(wanted)[:160]}")


def _both_empty(one: Any, other: Any) -> bool:
    return one in (None, {}, [], "") and other in (None, {}, [], "")
