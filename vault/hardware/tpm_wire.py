"""The bytes of TPM 2.0: commands and answers, the templates of the two objects, and response codes. Keeps no secret.

Sections are those of the TCG's TPM 2.0 Library: part 2 has the structures, part 3 the commands.
"""

from __future__ import annotations

import hashlib

from vault.system.tpm_device import TpmUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.system.tpm_device import TpmDevice

# Command codes (part 2, 6.5.2).
CREATE_PRIMARY, CREATE, LOAD, UNSEAL = 0x131, 0x153, 0x157, 0x15E
START_AUTH_SESSION, POLICY_PCR, PCR_READ = 0x176, 0x17F, 0x17E
_FLUSH_CONTEXT, _GET_CAPABILITY = 0x165, 0x17A

_NO_SESSIONS, _SESSIONS = 0x8001, 0x8002  # tags
OWNER, NULL, _PASSWORD = 0x40000001, 0x40000007, 0x40000009  # permanent handles
SHA256, _ECC, _KEYED_HASH, _NO_ALGORITHM, _P256 = 0x0B, 0x23, 0x08, 0x10, 0x03
_PERMANENT, _IN_LOCKOUT = 0x200, 0x200  # a property of the TPM, and its bit (part 2, 6.13 and 8.6)
_PROPERTIES = 6  # the capability that has it

# Response codes (part 2, 6.6). Those of format 1 also name the parameter or session, which is masked out.
_FORMAT_1, _FORMAT_1_MASK = 0x080, 0x0BF
_WAIT = (0x908, 0x90A, 0x920, 0x922)  # yielded, testing, NV rate, retry: send it again
_POLICY_FAILS, _PCR_CHANGED, _VALUE = 0x09D, 0x128, 0x084
_BAD_AUTH, _AUTH_FAILS, _HIERARCHY = 0x0A2, 0x08E, 0x085
_MEMORY = (0x902, 0x903, 0x904)


def u16(number: int) -> bytes:
    """Two bytes."""
    return number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    """Four bytes."""
    return number.to_bytes(4, "big")


def sized(raw: bytes) -> bytes:
    """A TPM2B: the size in two bytes, and the bytes."""
    return u16(len(raw)) + raw


class TpmAnswer:
    """What is left to read of an answer. TpmUnavailable if it is shorter than it says."""

    __slots__ = ("_rest",)

    def __init__(self, raw: bytes) -> None:
        self._rest = raw

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if len(self._rest) < size:
            raise TpmUnavailable("its answer is not valid", trouble="failed")
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def number(self, size: int = 4) -> int:
        """The next number."""
        return int.from_bytes(self.take(size), "big")

    def sized(self) -> bytes:
        """The next TPM2B, without its size."""
        return self.take(self.number(2))


AES_128_CFB = u16(0x06) + u16(128) + u16(0x43)
# The storage root key (TCG's provisioning guidance, 7.5.1): a P-256 key that the TPM derives from a seed of its own, the same
# at each call until the TPM is cleared. Attributes: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA,
# restricted, decrypt.
_ROOT_BITS = 0x2 | 0x10 | 0x20 | 0x40 | 0x400 | 0x10000 | 0x20000
_ROOT_HEAD = (
    u16(_ECC) + u16(SHA256) + u32(_ROOT_BITS) + sized(b"")
    + AES_128_CFB + u16(_NO_ALGORITHM) + u16(_P256) + u16(_NO_ALGORITHM)
)  # fmt: skip
ROOT_TEMPLATE = _ROOT_HEAD + sized(bytes(32)) * 2
# A sealed key. Attributes: fixedTPM, fixedParent, noDA, and userWithAuth unless a policy decides. noDA: wrong PINs of other
# programs, or power cuts, that lock the TPM do not lock this object.
_SEALED_BITS, _WITH_AUTH = 0x2 | 0x10 | 0x400, 0x40
_POLICY = 32  # bytes of a policy's digest


def sealed_template(policy: bytes) -> bytes:
    """The public area of a sealed key. ``policy``: the digest of its PCRs' values; empty if any state opens it."""
    bits = _SEALED_BITS if policy else _SEALED_BITS | _WITH_AUTH
    return u16(_KEYED_HASH) + u16(SHA256) + u32(bits) + sized(policy) + u16(_NO_ALGORITHM)


def is_sealed_key(public: bytes, *, with_policy: bool) -> bool:
    """Whether ``public`` is a public area that this program makes: no other attribute, algorithm or parent's right."""
    policy = public[10 : 10 + _POLICY] if with_policy else b""
    head = sealed_template(policy)
    return (
        public.startswith(head) and len(public) == len(head) + 2 + 32 and public[len(head) :][:2] == u16(32)
    )


def root_point(public: bytes) -> tuple[bytes, bytes]:
    """The coordinates of a storage root key. TpmUnavailable if it was not made from the template."""
    rest = TpmAnswer(public)
    if rest.take(len(_ROOT_HEAD)) != _ROOT_HEAD:
        raise TpmUnavailable("its storage root key has another form", trouble="failed")
    return rest.sized().rjust(32, b"\0"), rest.sized().rjust(32, b"\0")


def name_of(public: bytes) -> bytes:
    """The name of an object: the hash of its public area."""
    return u16(SHA256) + hashlib.sha256(public).digest()


def selection(pcrs: Sequence[int]) -> bytes:
    """PCRs of the bank of SHA-256 (part 2, 10.9.7)."""
    bits = sum(1 << pcr for pcr in pcrs)
    return u32(1) + u16(SHA256) + b"\x03" + bits.to_bytes(3, "little")


def pcr_policy(pcrs: Sequence[int], values: bytes) -> bytes:
    """The digest of a policy that demands these values, one after the other (part 3, TPM2_PolicyPCR)."""
    demanded = u32(POLICY_PCR) + selection(pcrs) + hashlib.sha256(values).digest()
    return hashlib.sha256(bytes(_POLICY) + demanded).digest()


_NO_PASSWORD = u32(_PASSWORD) + sized(b"") + b"\0" + sized(b"")  # the authorization by an empty one


def plain(device: TpmDevice, code: int, body: bytes) -> TpmAnswer:
    """The answer to a command without a session."""
    return _sent(device, _NO_SESSIONS, code, body)


def with_session(device: TpmDevice, code: int, handles: bytes, auth: bytes, parameters: bytes) -> TpmAnswer:
    """The answer to a command with one session, whose authorization is ``auth``."""
    return _sent(device, _SESSIONS, code, handles + u32(len(auth)) + auth + parameters)


def create_root(device: TpmDevice) -> tuple[int, bytes]:
    """Create the storage root key: its handle and its public area. The owner's password must be empty, as it is by default."""
    sensitive = sized(sized(b"") + sized(b""))
    parameters = sensitive + sized(ROOT_TEMPLATE) + sized(b"") + u32(0)
    answer = with_session(device, CREATE_PRIMARY, u32(OWNER), _NO_PASSWORD, parameters)
    handle = answer.number()
    answer.number()  # the size of the parameters
    return handle, answer.sized()


def load(device: TpmDevice, root: int, blob: bytes) -> int:
    """The handle of a sealed key. Its name, which the session's next command is bound to, shows that it is the right one."""
    return with_session(device, LOAD, u32(root), _NO_PASSWORD, blob).number()


def flush(device: TpmDevice, handle: int) -> None:
    """Remove an object or a session from the TPM's memory."""
    plain(device, _FLUSH_CONTEXT, u32(handle))


def in_lockout(device: TpmDevice) -> bool:
    """Whether wrong PINs have locked the TPM for keys that are subject to that."""
    answer = plain(device, _GET_CAPABILITY, u32(_PROPERTIES) + u32(_PERMANENT) + u32(1))
    answer.take(1)  # whether there are more
    if answer.number() != _PROPERTIES or answer.number() != 1 or answer.number() != _PERMANENT:
        return False
    return bool(answer.number() & _IN_LOCKOUT)


def _sent(device: TpmDevice, tag: int, code: int, body: bytes) -> TpmAnswer:
    command = u16(tag) + u32(len(body) + 10) + u32(code) + body
    while True:
        raw = device.transmit(command)
        response = int.from_bytes(raw[6:10], "big")
        if not response:
            return TpmAnswer(raw[10:])
        if response not in _WAIT:
            raise _refused(code, response)
        device.pause()


def _refused(code: int, response: int) -> TpmUnavailable:
    kind = response & _FORMAT_1_MASK if response & _FORMAT_1 else response
    if code in (UNSEAL, POLICY_PCR) and kind in (_POLICY_FAILS, _PCR_CHANGED, _VALUE):
        return TpmUnavailable("its PCRs have other values than when the slot was added", trouble="moved")
    if code == LOAD and response & _FORMAT_1:
        return TpmUnavailable("it refuses the sealed key, which was changed", trouble="altered")
    if code == CREATE_PRIMARY and kind in (_BAD_AUTH, _AUTH_FAILS):
        return TpmUnavailable("its owner hierarchy has a password", trouble="owner")
    if code == CREATE_PRIMARY and kind == _HIERARCHY:
        return TpmUnavailable("its owner hierarchy is disabled", trouble="owner")
    if response in _MEMORY:
        return TpmUnavailable("its memory is full of other programs' objects", trouble="failed")
    return TpmUnavailable(f"it answered with the error 0x{response:03x}", trouble="failed")
