"""A TPM for tests: swtpm, and in front of it a manager that frees what a client leaves behind, as the kernel's does.

The manager serves one client at a time. ``place`` is what AWSVAULT_TPM names.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pty
import shutil
import signal
import socket
import subprocess
import threading
import time
import tty
from typing import Any

from tests.patience import PATIENCE
from vault.hardware import tpm_wire
from vault.hardware.tpm_wire import sized, u16, u32
from vault.system.clock import Deadline
from vault.system.tpm_device import TpmDevice, TpmUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLEAR, PCR_EXTEND = 0x126, 0x182
PLATFORM, PASSWORD = 0x4000000C, 0x40000009
LOCKED_OUT = "0x921"
MAKES_HANDLES = (tpm_wire.CREATE_PRIMARY, tpm_wire.LOAD, tpm_wire.START_AUTH_SESSION)


def empty_password(word: bytes = b"") -> bytes:
    """The authorization by a password."""
    return u32(PASSWORD) + sized(b"") + b"\0" + sized(word)


class EmulatedTpm:
    """A TPM of its own in ``folder``, which is short enough for a socket's path."""

    def __init__(self, folder: Any) -> None:
        assert shutil.which("swtpm"), (
            "swtpm is missing; scripts/test names the Debian packages that tests need"
        )
        self.folder = str(folder)
        self.state = os.path.join(self.folder, "state")
        self.path = os.path.join(self.folder, "tpm")
        self.place = f"unix:{self.path}"
        self.commands: list[int] = []
        self.delay = 0.0  # seconds before each answer
        self.heard = b""  # all that went over the bus
        self.tamper: Callable[[int, bytes], bytes] = lambda _code, answer: answer
        os.makedirs(self.state)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(1024)
        self._emulator: subprocess.Popen[bytes] | None = None
        self.switch_on()
        atexit.register(self.end)  # for those that no fixture ends
        threading.Thread(target=self._serve, daemon=True).start()

    def switch_on(self) -> None:
        inner = os.path.join(self.folder, "inner")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(inner)
        self._emulator = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}", "--server", f"type=unixio,path={inner}",
             "--ctrl", f"type=unixio,path={inner}.ctrl", "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while not self._reaches(inner):
            assert self._emulator.poll() is None and time.monotonic() < end, "swtpm does not start"
            time.sleep(0.01)

    def cut_power(self) -> None:
        """The machine loses its power, and is switched on again."""
        assert self._emulator is not None
        self._emulator.send_signal(signal.SIGKILL)
        self._emulator.wait()
        self.switch_on()

    def end(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        atexit.unregister(self.end)
        assert self._emulator is not None
        self._emulator.kill()
        self._emulator.wait()

    def extend(self, pcr: int) -> None:
        """Change a PCR, as another firmware or boot setting does."""
        with TpmDevice(self.place, deadline=Deadline.after(PATIENCE)) as device:
            digest = u32(1) + u16(tpm_wire.SHA256) + bytes(32)
            tpm_wire.with_session(device, PCR_EXTEND, u32(pcr), empty_password(), digest)

    def clear(self) -> None:
        """Clear the TPM, as the firmware's menu does: it makes a new seed."""
        with TpmDevice(self.place, deadline=Deadline.after(PATIENCE)) as device:
            tpm_wire.with_session(device, CLEAR, u32(PLATFORM), empty_password(), b"")

    def lock_out(self) -> None:
        """Another program's key, and wrong PINs for it until the TPM takes no more."""
        with TpmDevice(self.place, deadline=Deadline.after(PATIENCE)) as device:
            root, _ = tpm_wire.create_root(device)
            sensitive = sized(sized(b"1234") + sized(b"their secret"))
            public = u16(8) + u16(tpm_wire.SHA256) + u32(0x52) + sized(b"") + u16(0x10) + sized(b"")
            made = tpm_wire.with_session(
                device,
                tpm_wire.CREATE,
                u32(root),
                empty_password(),
                sensitive + sized(public) + sized(b"") + u32(0),
            )
            made.number()
            key = tpm_wire.load(device, root, sized(made.sized()) + sized(made.sized()))
            for _ in range(40):
                try:
                    tpm_wire.with_session(device, tpm_wire.UNSEAL, u32(key), empty_password(b"0000"), b"")
                except TpmUnavailable as refused:
                    if LOCKED_OUT in str(refused):
                        return
            raise AssertionError("the TPM takes any number of wrong PINs")

    def terminal(self) -> str:
        """The path of a device with this TPM behind it."""
        near, theirs = pty.openpty()
        tty.setraw(near)
        tty.setraw(theirs)

        def carry() -> None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.connect(self.path)
                while command := os.read(near, 4096):
                    client.sendall(command)
                    os.write(near, client.recv(4096))

        threading.Thread(target=carry, daemon=True).start()
        return os.ttyname(theirs)

    def _reaches(self, inner: str) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(inner) == 0

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError, EOFError), socket.socket(socket.AF_UNIX) as chip:
                chip.connect(os.path.join(self.folder, "inner"))
                self._manage(client, chip)

    def _manage(self, client: socket.socket, chip: socket.socket) -> None:
        handles: list[bytes] = []
        try:
            while True:
                command = _frame(client)
                code = int.from_bytes(command[6:10], "big")
                self.commands.append(code)
                time.sleep(self.delay)
                chip.sendall(command)
                answer = _frame(chip)
                if code in MAKES_HANDLES and answer[6:10] == bytes(4):
                    handles.append(answer[10:14])
                self.heard += command + answer
                client.sendall(self.tamper(code, answer))
        finally:
            for handle in handles:
                chip.sendall(u16(0x8001) + u32(14) + u32(0x165) + handle)
                _frame(chip)


def _frame(source: socket.socket) -> bytes:
    found = b""
    while len(found) < 10 or len(found) < int.from_bytes(found[2:6], "big"):
        more = source.recv(4096)
        if not more:
            raise EOFError
        found += more
    return found
