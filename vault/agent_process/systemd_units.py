"""The agent's systemd units: a socket that waits for the first export, and the service that it starts."""

from __future__ import annotations

import sys

from vault import errors
from vault.agent.start import COMMAND
from vault.system.files import Folder
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

NEXT = "systemctl --user daemon-reload && systemctl --user enable --now awsvault-py.socket"

_SOCKET = """\
# Written by awsvault-py unlock --install-service.
[Unit]
Description=Socket of the awsvault-py agent

[Socket]
ListenStream={socket}
SocketMode=0600
DirectoryMode=0700
Backlog=1024

[Install]
WantedBy=sockets.target
"""

# The agent reads the vault, writes the ledger of used codes, the pin and the log, and uses its socket.
_SERVICE = """\
# Written by awsvault-py unlock --install-service.
[Unit]
Description=awsvault-py agent
Requires=awsvault-py.socket

[Service]
ExecStart={python} -P -m vault {command}
{environment}UMask=0077
LimitCORE=0
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={state} {run} {log}
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native
"""


def install(context: Context) -> list[str]:
    """Write both units into the user's folder, and stop a running agent: from now on systemd makes the socket.

    Returns their paths. Errors: ConfigError (not Linux, or a path that is not valid in a unit), StorageError.
    """
    if not sys.platform.startswith("linux"):
        raise errors.ConfigError(
            "systemd is available on Linux only", hint="on this system, unlock starts the agent itself"
        )
    paths = context.paths
    given = [
        name
        for name in ("AWSVAULT_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
        if name in context.env
    ]
    environment = "".join(f"Environment={_quoted(name + '=' + context.env[name])}\n" for name in given)
    for needed in (paths.state, paths.run, paths.log):
        Folder.open(needed, create=True).close()
    units = {
        "awsvault-py.socket": _SOCKET.format(socket=_plain(paths.socket)),
        "awsvault-py.service": _SERVICE.format(
            python=_quoted(sys.executable),
            command=COMMAND,
            environment=environment,
            state=_quoted(paths.state),
            run=_quoted(paths.run),
            log=_quoted(paths.log),
        ),
    }
    base = context.env.get("XDG_CONFIG_HOME", "")
    folder = (base if base.startswith("/") else paths.home + "/.config") + "/systemd/user"
    with Folder.of_user(folder, create=True) as place:
        for name, text in units.items():
            place.write_atomic(name, text.encode(), durable=True)
    context.agent.ask("SHUTDOWN")
    context.agent.close()
    return [f"{folder}/{name}" for name in units]


def _plain(value: str) -> str:
    """``value`` for a unit, where quotes have no meaning: % is doubled, and characters that end the line are refused."""
    if any(not c.isprintable() for c in value):
        raise errors.ConfigError(f"a systemd unit cannot contain {safe(value)}")
    return value.replace("%", "%%")


def _quoted(value: str) -> str:
    """``value`` as one word of a list in a unit."""
    return '"' + _plain(value).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
