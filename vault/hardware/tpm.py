"""Seals 32 bytes to this machine's TPM, and unseals them, by five commands: no TSS, no daemon, nothing kept in the TPM.

The object is under the storage root key, without a password, and not subject to the TPM's lockout. Each call is a
connection of its own.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress

from vault.hardware import tpm_wire
from vault.hardware.tpm_session import TpmSession
from vault.hardware.tpm_wire import sized, u32
from vault.records import NamedTuple
from vault.system.tpm_device import TpmDevice, TpmUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vault.system.clock import Deadline

NAME = 34  # bytes of an object's name


class SealedKey(NamedTuple):
    """A sealed key. ``parent`` is the name of the root key, which no other TPM has; ``pcrs`` are those that it depends on."""

    parent: bytes
    private: bytes
    public: bytes
    pcrs: tuple[int, ...] = ()


class _Root(NamedTuple):
    handle: int
    public: bytes

    @property
    def name(self) -> bytes:
        return tpm_wire.name_of(self.public)


def seal(place: str, secret: bytes, *, pcrs: Sequence[int] = (), deadline: Deadline) -> SealedKey:
    """``secret`` sealed to the TPM at ``place`` (vault/system/tpm_device), in its present state as to ``pcrs``. TpmUnavailable."""
    with TpmDevice(place, deadline=deadline) as device, _root(device) as root:
        with _session(device, root) as session:
            policy = tpm_wire.pcr_policy(pcrs, session.pcr_values(pcrs)) if pcrs else b""
            sensitive, public = sized(b"") + sized(secret), tpm_wire.sealed_template(policy) + sized(b"")
            parameters = sized(sensitive) + sized(public) + sized(b"") + u32(0)
            answer = session.create(root.handle, root.name, parameters)
        return SealedKey(root.name, answer.sized(), answer.sized(), tuple(pcrs))


def unseal(place: str, key: SealedKey, *, deadline: Deadline) -> bytes:
    """What ``key`` seals. TpmUnavailable tells apart: another TPM, PCRs that moved, a key that was changed, and the rest."""
    with TpmDevice(place, deadline=deadline) as device, _root(device) as root:
        if root.name != key.parent:  # checked before the session's secret is sent to it
            raise TpmUnavailable("another machine's TPM, or one that was cleared", trouble="other")
        blob = sized(key.private) + sized(key.public)
        with (
            _held(device, tpm_wire.load(device, root.handle, blob)) as handle,
            _session(device, root, by_policy=bool(key.pcrs)) as session,
        ):
            if key.pcrs:
                session.demand(key.pcrs)
            return session.unseal(handle, tpm_wire.name_of(key.public))


def root_name(place: str, *, deadline: Deadline) -> bytes:
    """The name of the TPM's storage root key, by which it is told from every other TPM. TpmUnavailable."""
    with TpmDevice(place, deadline=deadline) as device, _root(device) as root:
        return root.name


def in_lockout(place: str, *, deadline: Deadline) -> bool:
    """Whether wrong PINs have locked the TPM. Sealed keys open all the same. TpmUnavailable."""
    with TpmDevice(place, deadline=deadline) as device:
        return tpm_wire.in_lockout(device)


@contextmanager
def _root(device: TpmDevice) -> Iterator[_Root]:
    root = _Root(*tpm_wire.create_root(device))
    with _held(device, root.handle):
        yield root


@contextmanager
def _session(device: TpmDevice, root: _Root, *, by_policy: bool = False) -> Iterator[TpmSession]:
    session = TpmSession(device, root.handle, root.public, by_policy=by_policy)
    try:
        yield session
    except BaseException:  # otherwise it has ended with its last command
        _flush(device, session.handle)
        raise


@contextmanager
def _held(device: TpmDevice, handle: int) -> Iterator[int]:
    """Remove the object afterwards: a TPM without a resource manager has room for three."""
    try:
        yield handle
    finally:
        _flush(device, handle)


def _flush(device: TpmDevice, handle: int) -> None:
    with suppress(TpmUnavailable):  # the TPM may be gone, which the command before reports
        tpm_wire.flush(device, handle)
