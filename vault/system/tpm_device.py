"""A connection to a TPM: the kernel's device, or the Unix socket of an emulator. Carries bytes, and knows no command.

The kernel's resource manager (/dev/tpmrm0) gives each connection a TPM of its own and frees what it leaves behind.
"""

from __future__ import annotations

import errno
import os
import socket
import stat

from vault import limits
from vault.system.poll import readable
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, Self

    from vault.system.clock import Deadline

    TpmTrouble = Literal["absent", "access", "slow", "failed", "owner", "other", "moved", "altered"]

DEVICE = "/dev/tpmrm0"
_SOCKET = "unix:"
_HEAD = 10  # bytes of an answer's head: tag, size, code
_GONE = (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR, errno.ECONNREFUSED)


class TpmUnavailable(Exception):
    """The TPM does not do what was asked. The text says why; ``trouble`` is for a program.

    absent: there is none. access: the user may not open it. slow: it does not answer. failed: it answers with an error.
    owner: its owner hierarchy has a password or is disabled. other: it is not the TPM that sealed the key. moved: its PCRs have
    other values. altered: it refuses the sealed key.
    """

    def __init__(self, message: str, *, trouble: TpmTrouble) -> None:
        super().__init__(message)
        self.trouble = trouble


class TpmDevice:
    """An open connection to the TPM at ``place``: empty for the kernel's, a device's path, or ``unix:`` and a socket's."""

    def __init__(self, place: str, *, deadline: Deadline) -> None:
        self._deadline = deadline
        self._socket: socket.socket | None = None
        self._path, on_socket = path_of(place)
        if not self._path:
            raise TpmUnavailable(f"{_SOCKET} is not followed by a path", trouble="absent")
        try:
            self._fd = self._connect() if on_socket else self._open()
        except OSError as error:
            raise _unopened(self._path, error) from None

    def transmit(self, command: bytes) -> bytes:
        """The whole answer to one command. TpmUnavailable if none comes in time."""
        try:
            if self._socket is not None:
                self._socket.settimeout(max(self._deadline.remaining(), limits.TPM_PAUSE))
                self._socket.sendall(command)
            else:
                os.write(self._fd, command)  # returns at once: the driver works beside this process
            answer = self._at_least(_HEAD, b"")
            size = int.from_bytes(answer[2:6], "big")
            if not _HEAD <= size <= limits.TPM_ANSWER:
                raise TpmUnavailable("its answer is not valid", trouble="failed")
            answer = self._at_least(size, answer)
            if len(answer) > size:
                raise TpmUnavailable("its answer is not valid", trouble="failed")
        except TimeoutError:
            raise self._slow() from None
        except OSError as error:
            raise TpmUnavailable(
                f"{safe(self._path)}: {os.strerror(error.errno or 0)}", trouble="failed"
            ) from None
        return answer

    def pause(self) -> None:
        """Wait a little before a command is sent again. TpmUnavailable if no time is left."""
        if self._deadline.expired:
            raise self._slow()
        self._deadline.clock.sleep(limits.TPM_PAUSE)

    def close(self) -> None:
        """End the connection. After a timeout it stays open until the process ends, because the driver lets nobody close a
        device that is still at work.
        """
        if self._socket is not None:
            self._socket.close()
        elif self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> int:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(max(self._deadline.remaining(), limits.TPM_PAUSE))
        try:
            self._socket.connect(self._path)
        except BaseException:
            self._socket.close()
            raise
        return self._socket.fileno()

    def _open(self) -> int:
        fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        if not stat.S_ISCHR(os.fstat(fd).st_mode):
            os.close(fd)
            raise TpmUnavailable(f"{safe(self._path)} is not a device", trouble="absent")
        return fd

    def _at_least(self, size: int, begun: bytes) -> bytes:
        """``begun`` and what follows it, ``size`` bytes in all, or more if a device gives more at once."""
        while len(begun) < size:
            begun += self._read(size - len(begun))
        return begun

    def _read(self, most: int) -> bytes:
        """At least one byte. A device gives its whole answer at once, so ask it for that."""
        if not readable([self._fd], self._deadline.remaining()):
            raise TimeoutError
        found = os.read(self._fd, most if self._socket is not None else limits.TPM_ANSWER)
        if not found:
            raise TpmUnavailable("it hung up", trouble="failed")
        return found

    def _slow(self) -> TpmUnavailable:
        self._fd = -1 if self._socket is None else self._fd
        return TpmUnavailable("it does not answer", trouble="slow")


def path_of(place: str) -> tuple[str, bool]:
    """The path that ``place`` (AWSVAULT_TPM) names, and whether it is a socket's."""
    if place.startswith(_SOCKET):
        return place.removeprefix(_SOCKET), True
    return place or DEVICE, False


def access_hint(place: str) -> str:
    """What gives the user access to the TPM."""
    import grp
    import pwd

    path, on_socket = path_of(place)
    try:
        group = os.stat(path).st_gid
        name, members = grp.getgrgid(group)[0], grp.getgrgid(group)[3]
        user = pwd.getpwuid(os.geteuid())[0]
    except (OSError, KeyError):
        return f"let your user read and write {safe(path)}"
    if on_socket or group == 0:
        rule = (
            ""
            if on_socket
            else "install udev's rules for TPMs (Debian: tpm-udev), which give it to the group tss, or "
        )
        return f"{rule}let your user read and write {safe(path)}"
    if user in members and group not in (os.getegid(), *os.getgroups()):
        return f"log in again, or restart the service: {safe(user)} is in the group {safe(name)} by now"
    return f"run: sudo usermod -aG {safe(name)} {safe(user)}, then log in again; in a unit: SupplementaryGroups={safe(name)}"


def _unopened(path: str, error: OSError) -> TpmUnavailable:
    if error.errno in (errno.EACCES, errno.EPERM):
        return TpmUnavailable(f"no access to {safe(path)}", trouble="access")
    if error.errno in _GONE:
        return TpmUnavailable(f"there is none at {safe(path)}", trouble="absent")
    if isinstance(error, TimeoutError):
        return TpmUnavailable("it does not answer", trouble="slow")
    if error.errno is None:  # Python's own error, before it asks the system
        return TpmUnavailable(f"the path {safe(path)} is too long for a socket", trouble="failed")
    if error.errno == errno.EBUSY:
        return TpmUnavailable(f"another program uses {safe(path)}", trouble="failed")
    return TpmUnavailable(f"{safe(path)}: {os.strerror(error.errno or 0)}", trouble="failed")
