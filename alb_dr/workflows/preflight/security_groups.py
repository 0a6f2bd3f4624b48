"""Security groups: which ports and addresses the inbound rules leave closed. Pure."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alb_dr.model.cloud import SecurityGroupRule

ALL_PORTS = (1, 65_535)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    accept: bool
    ports: Span
    addresses: Span


def closed_ports(rules: Sequence[SecurityGroupRule], cidr: str) -> tuple[Span, ...]:
    """The TCP ports that some address of the block cannot reach, joined into spans.

    The smallest priority decides, Drop before Accept at a draw, and nothing means closed. Rules
    that name a group or a prefix list instead of addresses open nothing here.
    """
    block = _span(cidr)
    ordered = sorted(rules, key=lambda rule: (rule.priority, rule.accept))
    relevant = [r for rule in ordered if (r := _relevant(rule, block)) is not None]
    ports = _pieces(ALL_PORTS, [rule.ports for rule in relevant])
    addresses = list(_pieces(block, [rule.addresses for rule in relevant]))
    closed = [
        piece
        for piece in ports
        if not all(_accepted(relevant, piece[0], address[0]) for address in addresses)
    ]
    return tuple(_joined(closed))


def _relevant(rule: SecurityGroupRule, block: Span) -> _Rule | None:
    if rule.protocol not in {"all", "tcp"} or not rule.source:
        return None
    try:
        low, high = _span(rule.source)
    except ValueError:
        return None
    if high < block[0] or low > block[1]:
        return None
    return _Rule(accept=rule.accept, ports=rule.ports, addresses=(low, high))


def _span(cidr: str) -> Span:
    """The first and last address of a block, as numbers; IPv4 only."""
    network = ipaddress.IPv4Network(cidr, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def _pieces(whole: Span, parts: Iterable[Span]) -> Iterator[Span]:
    """The whole, cut at every edge of the parts: within a piece all rules agree."""
    starts = {whole[0]}
    for low, high in parts:
        starts |= {edge for edge in (low, high + 1) if whole[0] < edge <= whole[1]}
    ordered = [*sorted(starts), whole[1] + 1]
    for low, following in itertools.pairwise(ordered):
        yield low, following - 1


def _accepted(rules: Sequence[_Rule], port: int, address: int) -> bool:
    for rule in rules:
        if rule.ports[0] <= port <= rule.ports[1]:
            low, high = rule.addresses
            if low <= address <= high:
                return rule.accept
    return False


def _joined(pieces: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for low, high in pieces:
        if current is not None and low == current[1] + 1:
            current = (current[0], high)
            continue
        if current is not None:
            yield current
        current = (low, high)
    if current is not None:
        yield current
