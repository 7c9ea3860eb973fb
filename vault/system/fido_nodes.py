"""Security keys that Linux knows and this user may not use. Opens nothing of them."""

from __future__ import annotations

import os

_CLASS = "/sys/class/hidraw"
_DEVICES = "/dev"
_FIDO = bytes.fromhex("06d0f1")  # in a report descriptor: the usage page of FIDO, 0xF1D0
_MAX_DESCRIPTOR = 4096


def closed_nodes(folder: str = _CLASS, devices: str = _DEVICES) -> list[str]:
    """The devices of security keys that this process may not read and write. Empty on other systems."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    paths = [os.path.join(devices, name) for name in names if _is_fido(os.path.join(folder, name))]
    return [path for path in paths if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK)]


def _is_fido(node: str) -> bool:
    try:
        fd = os.open(os.path.join(node, "device", "report_descriptor"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _FIDO in os.read(fd, _MAX_DESCRIPTOR)
    except OSError:
        return False
    finally:
        os.close(fd)
