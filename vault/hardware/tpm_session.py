"""An encrypted session with a TPM: salted to its storage root key, so nobody on the bus reads the key or changes an answer.

TPM 2.0 Library, part 1: 11.4.10 (KDFs), 17 and 19 (sessions), 21 (encryption of parameters), C.6.4 (salts).
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from vault.hardware import tpm_wire
from vault.hardware.tpm_wire import TpmAnswer, sized, u16, u32
from vault.system.tpm_device import TpmUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.system.tpm_device import TpmDevice

_NONCE = 32
_HMAC, _POLICY = b"\0", b"\1"  # session types
_CONTINUE, _DECRYPT, _ENCRYPT, _AUDIT = 0x01, 0x20, 0x40, 0x80  # attributes
_BLOCK = 16


class TpmSession:
    """A session. ``by_policy``: it authorizes by a policy, otherwise by the empty password that both objects have."""

    def __init__(self, device: TpmDevice, root: int, root_public: bytes, *, by_policy: bool = False) -> None:
        self._device = device
        salt, secret = _salt(root_public)
        self._ours = os.urandom(_NONCE)
        kind = _POLICY if by_policy else _HMAC
        body = u32(root) + u32(tpm_wire.NULL) + sized(self._ours) + sized(secret)
        body += kind + tpm_wire.AES_128_CFB + u16(tpm_wire.SHA256)
        answer = tpm_wire.plain(device, tpm_wire.START_AUTH_SESSION, body)
        self.handle = answer.number()
        self._its = answer.sized()
        self._key = _kdfa(salt, b"ATH", self._its, self._ours)

    def create(self, root: int, root_name: bytes, parameters: bytes) -> TpmAnswer:
        """The new object below the root key. Its secret, the first parameter, is encrypted. The session's last command."""
        size = int.from_bytes(parameters[:2], "big")
        self._ours = os.urandom(_NONCE)
        key = self._parameter_key(self._ours, self._its)
        secret = _cfb(key, parameters[2 : 2 + size], encrypting=True)
        parameters = sized(secret) + parameters[2 + size :]
        return self._run(tpm_wire.CREATE, [root], [root_name], parameters, _DECRYPT)

    def unseal(self, handle: int, name: bytes) -> bytes:
        """The sealed bytes, which the answer has encrypted. The session's last command."""
        self._ours = os.urandom(_NONCE)
        answer = self._run(tpm_wire.UNSEAL, [handle], [name], b"", _ENCRYPT)
        return _cfb(self._parameter_key(self._its, self._ours), answer.sized(), encrypting=False)

    def pcr_values(self, pcrs: Sequence[int]) -> bytes:
        """The values of the PCRs, in order, in an answer that nobody on the bus can change."""
        self._ours = os.urandom(_NONCE)
        chosen = tpm_wire.selection(pcrs)
        answer = self._run(tpm_wire.PCR_READ, [], [], chosen, _CONTINUE | _AUDIT)
        answer.number()  # how often PCRs have changed
        if answer.take(len(chosen)) != chosen or answer.number() != len(pcrs):
            raise TpmUnavailable("it has no SHA-256 bank with these PCRs", trouble="failed")
        return b"".join(answer.sized() for _ in pcrs)

    def demand(self, pcrs: Sequence[int]) -> None:
        """Let the session's policy be the values that these PCRs have now."""
        body = u32(self.handle) + sized(b"") + tpm_wire.selection(pcrs)
        tpm_wire.plain(self._device, tpm_wire.POLICY_PCR, body)

    def _run(
        self,
        code: int,
        handles: Sequence[int],
        names: Sequence[bytes],
        parameters: bytes,
        attributes: int,
    ) -> TpmAnswer:
        """The parameters of the answer, which are authentic."""
        asked = hashlib.sha256(u32(code) + b"".join(names) + parameters).digest()
        bits = bytes([attributes])
        mac = hmac.digest(self._key, asked + self._ours + self._its + bits, "sha256")
        auth = u32(self.handle) + sized(self._ours) + bits + sized(mac)
        area = b"".join(map(u32, handles))
        answer = tpm_wire.with_session(self._device, code, area, auth, parameters)
        told = answer.take(answer.number())
        self._its, bits = answer.sized(), answer.take(1)
        heard = hashlib.sha256(u32(0) + u32(code) + told).digest()
        mac = hmac.digest(self._key, heard + self._its + self._ours + bits, "sha256")
        if not hmac.compare_digest(mac, answer.sized()):
            raise TpmUnavailable("its answer is not authentic", trouble="failed")
        return TpmAnswer(told)

    def _parameter_key(self, newer: bytes, older: bytes) -> tuple[bytes, bytes]:
        key = _kdfa(self._key, b"CFB", newer, older)
        return key[:_BLOCK], key[_BLOCK:]


def _salt(root_public: bytes) -> tuple[bytes, bytes]:
    """A secret that only the TPM with this root key can find, and what tells it to that TPM."""
    x, y = tpm_wire.root_point(root_public)
    try:
        root = ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
        ).public_key()
    except ValueError:
        raise TpmUnavailable("its storage root key is not on the curve", trouble="failed") from None
    near = ec.generate_private_key(ec.SECP256R1())
    point = near.public_key().public_numbers()
    our_x, our_y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    shared = near.exchange(ec.ECDH(), root)
    salt = hashlib.sha256(u32(1) + shared + b"SECRET\0" + our_x + x).digest()  # KDFe: one block
    return salt, sized(our_x) + sized(our_y)


def _kdfa(key: bytes, label: bytes, first: bytes, second: bytes) -> bytes:
    """KDFa with HMAC-SHA256: one block of 256 bits."""
    return hmac.digest(key, u32(1) + label + b"\0" + first + second + u32(256), "sha256")


def _cfb(key: tuple[bytes, bytes], data: bytes, *, encrypting: bool) -> bytes:
    """AES-128 in CFB mode, from single blocks: libraries move or drop the mode, which nothing else needs."""
    encrypt = Cipher(algorithms.AES(key[0]), modes.ECB()).encryptor().update  # noqa: S305  # the blocks of CFB
    before, out = key[1], b""
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        result = bytes(a ^ b for a, b in zip(block, encrypt(before), strict=False))
        out += result
        before = result if encrypting else block
    return out
