"""Cron schedules and Argo CD's sync windows, against instants worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alb_dr.model.cron import Cron
from alb_dr.model.sync_window import denied_throughout, may_sync, windows_of

Json = dict[str, Any]
APPLICATION: Json = {
    "metadata": {"name": "c1-web-demo"},
    "spec": {
        "destination": {"name": "c1-poc-ack-1", "namespace": "gateway-demo"},
        "project": "default",
    },
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(kind: str = "deny", **fields: Any) -> Json:
    found = {"kind": kind, "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    return {k: v for k, v in {**found, **fields}.items() if v is not None}


def project(*windows: Json) -> Json:
    return {"spec": {"syncWindows": list(windows)}}


def allowed(when: datetime, *windows: Json) -> bool:
    return may_sync(windows_of(project(*windows), APPLICATION), when)


# 25 November 2026 is a Wednesday.
@pytest.mark.parametrize(
    ("schedule", "begins", "not_then"),
    [
        ("* * * * *", "2026-11-25T22:33", None),
        ("30 22 * * *", "2026-11-25T22:30", "2026-11-25T22:31"),
        ("*/15 * * * *", "2026-11-25T22:45", "2026-11-25T22:40"),
        ("5/20 * * * *", "2026-11-25T22:45", "2026-11-25T22:40"),
        ("0 8-18/5 * * mon-fri", "2026-11-25T18:00", "2026-11-25T17:00"),
        ("0 0 1 jan *", "2027-01-01T00:00", "2026-12-01T00:00"),
        ("0 0 * * 7", "2026-11-29T00:00", "2026-11-30T00:00"),
        ("0 0 * * SUN", "2026-11-29T00:00", "2026-11-28T00:00"),
        ("@daily", "2026-11-25T00:00", "2026-11-25T01:00"),
        ("0,30 1,2 ? * *", "2026-11-25T02:30", "2026-11-25T03:30"),
        # Both days restricted: either suffices. One of them any: only the other counts.
        ("0 0 13 * fri", "2026-11-13T00:00", "2026-11-14T00:00"),
        ("0 0 13 * wed", "2026-11-25T00:00", "2026-11-26T00:00"),
        ("0 0 */2 * wed", "2026-11-25T00:00", "2026-11-27T00:00"),
    ],
)
def test_a_schedule_begins_when_cron_would(
    schedule: str, begins: str, not_then: str | None
) -> None:
    found = Cron.parse(schedule)
    assert found.begins(at(begins))
    assert not_then is None or not found.begins(at(not_then))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* * 0 * *",
        "a * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no schedule"):
        Cron.parse(text)


def test_the_last_begin_of_a_rare_schedule_is_found() -> None:
    yearly = Cron.parse("30 12 24 12 *")
    now = at("2026-11-25T22:33:20")
    assert yearly.last_begin(now, within=timedelta(days=400)) == at("2025-12-24T12:30")
    assert yearly.last_begin(now, within=timedelta(days=300)) is None


def test_F20_an_open_deny_window_forbids_and_a_closed_one_does_not() -> None:
    night = window(schedule="0 22 * * *", duration="1h30m")
    assert not allowed(at("2026-11-25T22:00"), night)
    assert not allowed(at("2026-11-25T23:29"), night)
    assert allowed(at("2026-11-25T23:30"), night)
    assert allowed(at("2026-11-25T21:59"), night)


def test_F20_a_window_keeps_the_hours_of_its_own_zone() -> None:
    night = window(schedule="0 22 * * *", timeZone="Asia/Hong_Kong")
    assert not allowed(at("2026-11-25T14:30"), night)
    assert allowed(at("2026-11-25T22:30"), night)


def test_F20_with_allow_windows_nothing_is_synced_outside_them() -> None:
    day = window("allow", schedule="0 8 * * *", duration="10h")
    assert allowed(at("2026-11-25T12:00"), day)
    assert not allowed(at("2026-11-25T19:00"), day)
    assert not allowed(at("2026-11-25T12:00"), day, window())


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({"applications": ["*-web-demo"]}, True),
        ({"applications": ["other"]}, False),
        ({"applications": None, "clusters": ["c1-*"]}, True),
        ({"applications": None, "namespaces": ["gateway-*"]}, True),
        ({"applications": ["other"], "namespaces": ["gateway-demo"]}, True),
        ({"applications": ["other"], "namespaces": ["gateway-demo"], "andOperator": True}, False),
        ({"applications": None}, False),
    ],
)
def test_F20_a_window_holds_for_the_applications_it_names(fields: Json, holds: bool) -> None:
    assert allowed(at("2026-11-25T12:00"), window(**fields)) is not holds


def test_F20_a_drill_must_fit_into_the_window_whole() -> None:
    hour = windows_of(project(window(schedule="0 22 * * *")), APPLICATION)
    begin = at("2026-11-25T22:10")
    assert denied_throughout(hour, begin, begin + timedelta(minutes=40))
    assert not denied_throughout(hour, begin, begin + timedelta(minutes=60))


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": "soon"},
        {"duration": ""},
        {"schedule": "now"},
        {"kind": "perhaps"},
        {"timeZone": "Atlantis/Centre"},
    ],
)
def test_F20_a_window_that_cannot_be_read_is_no_window_to_rely_on(fields: Json) -> None:
    with pytest.raises(ValueError, match=r"window|schedule"):
        windows_of(project(window(**fields)), APPLICATION)
