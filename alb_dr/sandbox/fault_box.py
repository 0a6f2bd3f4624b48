"""The faults of a running sandbox, for drills: done and cleared over its control socket."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alb_dr.errors import BadInput, Conflict
from alb_dr.sandbox.control import ask

SOCKET = "control.sock"
"""Beside the sandbox's project file."""


def fault_box(config: Path) -> SandboxFaults | None:
    """The faults of the sandbox whose project file this is; None when it is no sandbox's."""
    socket = config.absolute().parent / SOCKET
    return SandboxFaults(socket) if socket.is_socket() else None


class SandboxFaults:
    """What one drill does to members, and what other drills left."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def inject(self, fault: str, member: str, *, drill: str, value: int) -> None:
        """Do a fault; Conflict when the member has one already."""
        request = {"do": "inject", "fault": fault, "member": member, "value": value}
        try:
            ask(self._socket, {**request, "drill": drill})
        except BadInput as error:
            raise Conflict(error.message, hint=error.hint) from None

    def clear(self, member: str, *, drill: str) -> bool:
        """Take a drill's faults back; False when there were none of it."""
        had = self.open().get(member) == drill
        ask(self._socket, {"do": "clear", "member": member, "drill": drill})
        return had

    def open(self) -> Mapping[str, str]:
        """Members that bear faults of a drill, and which drill."""
        seen = ask(self._socket, {"do": "status"})
        return {m["name"]: m["drill"] for m in seen["members"] if m["drill"]}
