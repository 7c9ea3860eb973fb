"""Starts ``exec --server`` again once it has the first session. So the memory of the process that serves for hours never
had a passphrase, a seed, a source key or the content of the vault. Process ID, terminal and the caller's descriptors stay.

Hands over the session, its metadata and, for the keeper alone (vault/run/key_keeper), the main key.
"""

from __future__ import annotations

import os
import socket
import sys

from vault import errors, limits
from vault.credentials import refreshing
from vault.credentials.profile_metadata import ProfileMetadata, metadata_of
from vault.credentials.request import Request
from vault.profiles.session_policy import SessionPolicy
from vault.records import NamedTuple
from vault.run import exec_env
from vault.run.served_session import CutShort, Served, document, frame, receive
from vault.system import hardening, sockets
from vault.system.files import Attributes
from vault.system.passphrase_variables import PASSPHRASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from vault.credentials.obtain import Obtained

VARIABLE = "AWSVAULT_SERVE"  # the descriptor's number, for the restarted program only
_MAGIC = "awsvault-py serve 4"


class Handover(NamedTuple):
    """What was handed over. If ``main``, the main key can be read from ``key``.

    ``hidden``: AWS's files, if the command must not see their [default]. ``mark``: the mark of ``lock`` at the start.
    """

    first: Served
    request: Request
    metadata: ProfileMetadata
    hidden: tuple[str, str] | None
    chain: str
    mark: Attributes | None
    main: bool
    key: socket.socket


def start_again(first: Obtained, request: Request, *, mark: Attributes | None) -> NoReturn:
    """Replace this process with one that serves the session and calls ``taken``. Raises StorageError."""
    issued, opened = first.issued, first.access.opened
    head = {
        "magic": _MAGIC,
        "issued": issued.issued,
        "expires": issued.expires,
        "request": [getattr(refreshing.later(request, issued), name) for name in _KEPT],
        "metadata": list(metadata_of(issued, region=request.region)),
        "hidden": exec_env.hidden(first.profiles.config),
        "chain": refreshing.digest_of(issued.chain),
        "mark": mark,
        "main": opened is not None,
    }
    near, far = sockets.pair()
    for one, option in ((near, socket.SO_SNDBUF), (far, socket.SO_RCVBUF)):
        one.setsockopt(socket.SOL_SOCKET, option, 2 * limits.SERVER_FRAME)
    near.setblocking(False)  # there is no reader yet, so everything must fit into the buffer
    try:
        near.sendall(frame(head, document(issued)))
        if opened is not None:
            near.sendall(opened.k_main.reveal())
        far.set_inheritable(True)
        env = {name: value for name, value in os.environ.items() if name not in _SPENT}
        env[VARIABLE] = str(far.fileno())
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], env)  # noqa: S606  # this program
    except OSError as error:
        raise errors.StorageError(
            f"cannot start the credentials server: {os.strerror(error.errno or 0)}",
            hint=f"check the Python that runs awsvault-py: {sys.executable or 'unknown'}",
        ) from None


_KEPT = ("profile", "duration", "session", "write", "policy", "source")
# Already used: a descriptor can be read only once, and its number may belong to another file by now.
_SPENT = (PASSPHRASE, PASSPHRASE + "_FD")


def taken() -> Handover | None:
    """What was handed over to this process, or None. Removes the variable from ``os.environ``. Raises Internal."""
    text = os.environ.pop(VARIABLE, "")
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 2 < int(text) < 1 << 20):
        return None
    try:
        connection = socket.socket(fileno=int(text))
    except OSError:  # another program's variable
        return None
    hardening.before_keys()
    try:
        connection.set_inheritable(False)
        connection.settimeout(limits.AGENT_TALK)
        head, body = receive(connection)
        return _handed(head, body, connection)
    except (CutShort, OSError, KeyError, TypeError, ValueError):
        raise errors.Internal(f"{VARIABLE} does not lead to a session to serve") from None


def _handed(head: dict[str, Any], body: bytearray, connection: socket.socket) -> Handover:
    if head["magic"] != _MAGIC:
        raise CutShort
    kept = dict(zip(_KEPT, head["request"], strict=True))
    kept["policy"] = _policy(kept["policy"])
    request = Request(**kept, agreed=True)
    return Handover(
        first=Served(body, issued=head["issued"], expires=head["expires"]),
        request=request._replace(refetch=refreshing.REFRESH),
        metadata=ProfileMetadata(*head["metadata"]),
        hidden=tuple(head["hidden"]) if head["hidden"] else None,
        chain=head["chain"],
        mark=Attributes(*head["mark"]) if head["mark"] else None,
        main=head["main"],
        key=connection,
    )


def _policy(found: list[Any] | None) -> SessionPolicy | None:
    if found is None:
        return None
    document, arns, places = found
    return SessionPolicy(document, tuple(arns), tuple(places))
