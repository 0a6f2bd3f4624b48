"""The names of the stand-in ALBs: one loopback address for each zone, in a hosts file.

There is no name server here. ``gateway.hostsFile`` of the sandbox's project file names the file, so
that alb-dr finds a zone's address in it as long as that zone is in DNS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from alb_dr.sandbox.kube.status import Json

HOSTS = "hosts"
"""The file's name in the sandbox's folder."""


def addresses_of(albconfig: Json) -> Iterator[tuple[str, str]]:
    """The vSwitches of an ALB, each with the address of its zone."""
    mappings = ((albconfig.get("spec") or {}).get("config") or {}).get("zoneMappings") or []
    for number, mapping in enumerate(mappings, 1):
        yield str(mapping.get("vSwitchId") or ""), zone_address(number)


def zone_address(number: int) -> str:
    """The address of an ALB's first, second, ... zone."""
    return f"127.0.0.{number}"


def write_names(path: Path, names: Mapping[str, Sequence[str]]) -> None:
    """Write the file anew; who reads it sees the old or the new one, never half of it."""
    lines = [f"{address} {name}\n" for name, found in names.items() for address in found]
    temporary = path.with_name(f".{path.name}")
    temporary.write_text("".join(lines))
    os.replace(temporary, path)  # noqa: PTH105  the same call, atomic by name
