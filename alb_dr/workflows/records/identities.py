"""Identities: every label names a cluster of its own, and their clocks agree with ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alb_dr.errors import Forbidden, Refused
from alb_dr.ports import ApiIdentity, Clock, KubeApi, Narrator

MOST_SKEW = timedelta(seconds=30)
"""A deadline on an object is judged by its cluster's clock; more apart is worth a warning (G17)."""


def check_identities(
    apis: Iterable[KubeApi], *, clock: Clock, narrator: Narrator
) -> Mapping[str, datetime]:
    """Refused when two of the APIs are one cluster (F65); warns about clocks far apart.

    By label, when the credential shown to an API ends, where it says so.
    """
    expiries: dict[str, datetime] = {}
    known: dict[str, str] = {}
    for api in apis:
        seen = _identity(api, narrator)
        if seen is None:
            continue
        other = known.setdefault(seen.cluster_uid, api.label)
        if other != api.label:
            raise Refused(
                f"{other} and {api.label} are the same cluster ({seen.cluster_uid})",
                hint="give each member its own kubeconfig in the project file",
                code="ADR-SAME-CLUSTER",
            )
        if seen.server_time is not None and abs(clock.now() - seen.server_time) > MOST_SKEW:
            apart = abs((clock.now() - seen.server_time).total_seconds())
            narrator.warn(f"{api.label}: its clock and ours are {apart:.0f} s apart")
        if seen.expires is not None:
            expiries[api.label] = seen.expires
    return expiries


def _identity(api: KubeApi, narrator: Narrator) -> ApiIdentity | None:
    try:
        return api.identity()
    except Forbidden:
        narrator.warn(f"{api.label}: we may not read kube-system; its identity is not checked")
        return None
