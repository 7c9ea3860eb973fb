"""The cryptography of a session, against published vectors; that a TPM agrees is shown in test_tpm.py."""

from __future__ import annotations

import pytest

from vault.hardware import tpm_session, tpm_wire
from vault.hardware.tpm_wire import sized
from vault.system.tpm_device import TpmUnavailable

# NIST SP 800-38A, F.3.13: CFB128-AES128.
KEY = (bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), bytes(range(16)))
PLAIN = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
SEALED = bytes.fromhex("3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b")


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 32])
def test_parameters_are_encrypted_by_aes_in_cfb_mode(size):
    """Whole blocks and parts of one, both ways."""
    assert tpm_session._cfb(KEY, PLAIN[:size], encrypting=True) == SEALED[:size]
    assert tpm_session._cfb(KEY, SEALED[:size], encrypting=False) == PLAIN[:size]


def test_a_salt_needs_a_root_key_on_the_curve():
    """A point off the curve could give away the secret that is sent to it."""
    off = tpm_wire.ROOT_TEMPLATE[:-68] + sized(b"\1" * 32) + sized(b"\2" * 32)
    with pytest.raises(TpmUnavailable, match="not on the curve"):
        tpm_session._salt(off)
    with pytest.raises(TpmUnavailable, match="another form"):
        tpm_session._salt(b"\1" + off[1:])
