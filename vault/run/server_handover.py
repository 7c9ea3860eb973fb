"""``exec --server`` starts itself again once it has the first session: what serves for hours is a process whose memory
never held a passphrase, a seed, a source's secret or the vault's content. The process id, the terminal and the descriptors
of the caller stay.

Over go the session, what the program is told beside it, and the main key, for the keeper (vault/run/key_keeper) alone.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any, NamedTuple

from vault import errors, limits
from vault.credentials import refreshing
from vault.credentials.profile_metadata import ProfileMetadata, metadata_of
from vault.credentials.request import Request
from vault.run import exec_env
from vault.run.served_session import CutShort, Served, document, frame, receive
from vault.system import hardening, sockets
from vault.system.files import Attributes
from vault.system.passphrase_variables import PASSPHRASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from vault.credentials.obtain import Obtained

VARIABLE = "AWSVAULT_SERVE"  # names the descriptor, to the next program and to nobody below it
_MAGIC = "awsvault-py serve 1"


class Handed(NamedTuple):
    """What came over. ``key`` is where the main key is to be read from, if there is one (``main``).

    ``hidden``: the files of AWS whose [default] the program must not see; ``mark``: that of a lock, as it lay there at first.
    """

    first: Served
    request: Request
    terms: ProfileMetadata
    hidden: tuple[str, str] | None
    chain: str
    mark: Attributes | None
    main: bool
    key: socket.socket


def start_again(first: Obtained, request: Request, *, mark: Attributes | None) -> NoReturn:
    """Become a server of the session, for ``taken`` to go on with. Errors: StorageError."""
    got, opened = first.issued, first.access.opened
    head = {
        "magic": _MAGIC,
        "issued": got.issued,
        "expires": got.expires,
        "wish": [getattr(refreshing.later(request, got), name) for name in _KEPT],
        "terms": list(metadata_of(got)),
        "hidden": exec_env.hidden(first.profiles.config),
        "chain": refreshing.named(got.chain),
        "mark": mark,
        "main": opened is not None,
    }
    ours, theirs = sockets.pair()
    for one, option in ((ours, socket.SO_SNDBUF), (theirs, socket.SO_RCVBUF)):
        one.setsockopt(socket.SOL_SOCKET, option, 2 * limits.SERVER_FRAME)
    ours.setblocking(False)  # nobody reads it yet, so it must fit
    try:
        ours.sendall(frame(head, document(got)))
        if opened is not None:
            ours.sendall(opened.k_main.reveal())
        theirs.set_inheritable(True)
        env = {name: value for name, value in os.environ.items() if name not in _SPENT}
        env[VARIABLE] = str(theirs.fileno())
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], env)  # noqa: S606  # ourselves
    except OSError as error:
        raise errors.StorageError(
            f"this program could not start itself again, to serve: {os.strerror(error.errno or 0)}",
            hint=f"look at the Python that runs it: {sys.executable or 'unknown'}",
        ) from None


_KEPT = ("profile", "duration", "session", "write")
_SPENT = (
    PASSPHRASE,
    PASSPHRASE + "_FD",
)  # a descriptor is read once, and its number may be another file's by now


def taken() -> Handed | None:
    """What was handed over to this process; None where nothing was. Takes the variable out of ``os.environ``. Internal."""
    text = os.environ.pop(VARIABLE, "")
    if not (text.isascii() and text.isdigit() and 2 < int(text) < 1 << 20):
        return None
    try:
        connection = socket.socket(fileno=int(text))
    except OSError:  # it is somebody else's variable
        return None
    hardening.before_keys()
    try:
        connection.set_inheritable(False)
        connection.settimeout(limits.AGENT_TALK)
        head, body = receive(connection)
        return _handed(head, body, connection)
    except (CutShort, OSError, KeyError, TypeError, ValueError):
        raise errors.Internal(f"what {VARIABLE} leads to is no session to serve") from None


def _handed(head: dict[str, Any], body: bytearray, connection: socket.socket) -> Handed:
    if head["magic"] != _MAGIC:
        raise CutShort
    request = Request(**dict(zip(_KEPT, head["wish"], strict=True)), agreed=True)
    return Handed(
        first=Served(body, issued=head["issued"], expires=head["expires"]),
        request=request._replace(refetch=refreshing.REFRESH),
        terms=ProfileMetadata(*head["terms"]),
        hidden=tuple(head["hidden"]) if head["hidden"] else None,
        chain=head["chain"],
        mark=Attributes(*head["mark"]) if head["mark"] else None,
        main=head["main"],
        key=connection,
    )
