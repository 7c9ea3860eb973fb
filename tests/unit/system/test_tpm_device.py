"""The connection to a TPM: devices and sockets, deadlines, and what each failure is called."""

from __future__ import annotations

import grp  # noqa: F401  # here, because the other user cannot read this Python's folder
import json
import os
import pty
import pwd  # noqa: F401
import socket
import stat
import threading
import time

import pytest

from tests.patience import PATIENCE
from vault.system.clock import Deadline
from vault.system.tpm_device import DEVICE, TpmDevice, TpmUnavailable, access_hint, path_of

COMMAND = b"\x80\x01\0\0\0\x0a\0\0\0\0"
NOBODY = 65534


def trouble(place, *, seconds=PATIENCE):
    with (
        pytest.raises(TpmUnavailable) as caught,
        TpmDevice(place, deadline=Deadline.after(seconds)) as device,
    ):
        device.transmit(COMMAND)
    return caught.value.trouble, str(caught.value)


def test_the_default_is_the_kernel_s_resource_manager():
    """AWSVAULT_TPM names another device, or a socket."""
    assert path_of("") == ("/dev/tpmrm0", False) == (DEVICE, False)
    assert path_of("/dev/tpm1") == ("/dev/tpm1", False)
    assert path_of("unix:/run/tpm") == ("/run/tpm", True)


def test_there_may_be_none(tmp_path):
    """No device, no socket, a socket at which nobody listens."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "left"))
    left.close()
    for place in (str(tmp_path / "no"), f"unix:{tmp_path}/no", f"unix:{tmp_path}/left", f"{tmp_path}/no/no"):
        assert trouble(place)[0] == "absent"


def test_a_socket_has_a_path():
    """The variable may have lost it."""
    assert trouble("unix:") == ("absent", "unix: is not followed by a path")


def test_a_socket_s_path_may_be_too_long():
    """The reason is told; the system has no number for it."""
    assert trouble("unix:/" + "x" * 200) == ("failed", f"the path /{'x' * 200} is too long for a socket")


def test_only_a_device_is_opened(tmp_path):
    """A file, a folder or a FIFO in its place is never waited for."""
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "fifo")
    assert trouble(str(tmp_path / "file"))[0] == "absent"
    assert trouble(str(tmp_path / "fifo"))[0] == "absent"
    assert trouble(str(tmp_path))[0] == "failed"


def test_a_mute_device_ends_at_the_deadline():
    """A TPM that hangs, as a device and behind a socket; a run never waits longer."""
    near, theirs = pty.openpty()
    assert trouble(os.ttyname(theirs), seconds=0.2) == ("slow", "it does not answer")
    os.close(near)
    os.close(theirs)


def test_a_mute_socket_ends_at_the_deadline(tmp_path):
    """The queue accepts the connection, and nobody answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert trouble(f"unix:{tmp_path}/s", seconds=0.2) == ("slow", "it does not answer")


def test_a_tpm_that_hangs_up_is_told(tmp_path):
    """In the middle of an answer."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def hang_up():
            client, _ = listener.accept()
            with client:
                client.recv(100)
                client.sendall(b"\x80\x01\0\0\0\x20")

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert trouble(f"unix:{tmp_path}/s")[0] == "failed"
        thread.join()


def test_an_answer_in_pieces_is_put_together(tmp_path):
    """A socket may split it anywhere."""
    answer = b"\x80\x01\0\0\0\x10" + bytes(4) + b"abcdef"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def dribble():
            client, _ = listener.accept()
            with client:
                client.recv(100)
                for at in range(len(answer)):
                    client.sendall(answer[at : at + 1])
                    time.sleep(0.005)  # the other end reads each byte by itself

        thread = threading.Thread(target=dribble)
        thread.start()
        with TpmDevice(f"unix:{tmp_path}/s", deadline=Deadline.after(PATIENCE)) as device:
            assert device.transmit(COMMAND) == answer
        thread.join()


def test_no_access_is_told_and_the_group_named():
    """A second user ID: the device is there, and belongs to a group that the user is not in."""
    assert os.geteuid() == 0, "this test becomes another user, so it runs as root, as in CI"
    near, theirs = pty.openpty()
    name = os.ttyname(theirs)
    os.chown(name, 0, 4)  # adm, which every Debian has
    os.chmod(name, 0o660)
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o660
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(told, json.dumps([*trouble(name), access_hint(name)]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    kind, text, hint = json.loads(os.read(heard, 4096))
    assert (kind, text) == ("access", f"no access to {name}")
    assert "usermod -aG adm nobody" in hint
    for fd in (near, theirs, heard):
        os.close(fd)


def test_a_device_without_a_group_needs_udev_s_rules():
    """root:root is what a kernel without these rules makes."""
    near, theirs = pty.openpty()
    name = os.ttyname(theirs)
    os.chown(name, os.geteuid(), 0)
    assert "tpm-udev" in access_hint(name)
    assert "read and write" in access_hint("/no/such/device")
    os.close(near)
    os.close(theirs)
