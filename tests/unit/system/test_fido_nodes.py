"""Which devices of security keys this user may not use."""

from __future__ import annotations

import grp  # noqa: F401  # for the other user, as below
import os

import pytest

from vault.system import fido_nodes

FIDO = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")
KEYBOARD = bytes.fromhex("05010906a101050719e029e71500250175019508810295017508")


@pytest.fixture
def machine(tmp_path):
    """hidraw0 is a keyboard, hidraw1 and hidraw2 are security keys, hidraw3 has no description."""
    os.mkdir(tmp_path / "dev")
    for number, described in enumerate((KEYBOARD, FIDO, FIDO, None)):
        node = tmp_path / "class" / f"hidraw{number}" / "device"
        os.makedirs(node)
        if described is not None:
            (node / "report_descriptor").write_bytes(described)
        (tmp_path / "dev" / f"hidraw{number}").write_bytes(b"")
    return str(tmp_path / "class"), str(tmp_path / "dev")


def test_keys_that_may_be_used_are_no_news(machine):
    """Nor is anything else."""
    assert fido_nodes.closed_nodes(*machine) == []


def test_a_key_without_access_is_named(machine, tmp_path):
    """By another user ID, as access counts for the one who asks."""
    assert os.geteuid() == 0, "this test becomes another user, so it runs as root, as in CI"
    for name in os.listdir(machine[1]):
        os.chmod(os.path.join(machine[1], name), 0o600)
    os.chmod(os.path.join(machine[1], "hidraw2"), 0o666)
    folder = str(tmp_path)
    while folder != "/tmp" and folder != "/":
        os.chmod(folder, 0o755)
        folder = os.path.dirname(folder)
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(told, "\n".join(fido_nodes.closed_nodes(*machine)).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    assert os.read(heard, 4096).decode() == os.path.join(machine[1], "hidraw1")
    os.close(heard)


def test_another_system_has_none(tmp_path):
    """Without that folder there is nothing to say."""
    assert fido_nodes.closed_nodes(str(tmp_path / "no"), str(tmp_path)) == []
