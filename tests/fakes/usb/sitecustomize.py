"""The USB of tests: on PYTHONPATH, it makes python-fido2 list the sockets of TEST_SECURITY_KEYS in place of /dev/hidraw*.

tests/fakes/security_key_usb.py is at the other end. Nothing is imported before python-fido2 asks.
"""

import os
import socket
import sys
import types

SIZE = 64


def list_descriptors():
    places = os.environ.get("TEST_SECURITY_KEYS", "").split(":")
    return [get_descriptor(place) for place in places if os.path.exists(place)]


def get_descriptor(place):
    from fido2.hid.base import HidDescriptor

    return HidDescriptor(place, 0x1209, 1, SIZE, SIZE, "Test key", None)


def open_connection(descriptor):
    from fido2.hid.base import CtapHidConnection

    class Connection(CtapHidConnection):
        def __init__(self):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self.socket.connect(descriptor.path)
            except OSError:
                self.socket.close()
                raise

        def read_packet(self):
            packet = self.socket.recv(SIZE)
            if not packet:
                raise OSError(19, "No such device")
            return packet

        def write_packet(self, data):
            self.socket.sendall(data)

        def close(self):
            self.socket.close()

    return Connection()


_backend = types.ModuleType("fido2.hid.linux")
_backend.list_descriptors = list_descriptors
_backend.get_descriptor = get_descriptor
_backend.open_connection = open_connection
sys.modules["fido2.hid.linux"] = _backend
if os.environ.get("TEST_WITHOUT_FIDO2"):
    sys.modules["fido2"] = None  # as where the optional dependency is not installed
