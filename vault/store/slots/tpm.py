"""The ``tpm`` slot: a key sealed to the TPM of one machine, which opens the vault there without a prompt (format.md 4)."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext

from vault import limits
from vault.hardware import tpm, tpm_wire
from vault.secret import Secret
from vault.store.format import Ext, Group, SlotRecord
from vault.store.slots import new_sid, tpm_data, unwrap_key, wrap_key
from vault.store.slots.hardware import REPLACE, HardwareSlot, HardwareUnavailable
from vault.store.slots.tpm_data import TpmData
from vault.system.clock import Deadline
from vault.system.locks import Busy
from vault.system.machine import host_name
from vault.system.tpm_device import TpmUnavailable, access_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from vault.hardware.tpm import SealedKey

NAME = "tpm"
_KEY = 32
_AGAIN = REPLACE.format(NAME)
_OTHER = "another machine's TPM, or one that was cleared"


class TpmSlot(HardwareSlot):
    """The TPM at ``place`` (AWSVAULT_TPM). A new slot depends on ``pcrs``. ``turn`` is held while the TPM works."""

    ext_name = NAME

    def __init__(
        self,
        place: str = "",
        *,
        pcrs: Sequence[int] = (),
        host: str | None = None,
        turn: Callable[[], AbstractContextManager[object]] = nullcontext,
        new_deadline: Callable[[float], Deadline] = Deadline.after,
    ) -> None:
        self._place = place
        self._pcrs = tuple(pcrs)
        self._host = host
        self._turn = turn
        self._new_deadline = new_deadline
        self._name: bytes | None = None  # of this TPM, once it is known
        self.known_gen = 0

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The wrapped key. HardwareUnavailable has the reason."""
        data = _data(record)
        if self._name not in (None, data.key.parent):
            raise HardwareUnavailable(_OTHER, elsewhere=True)
        return unwrap_key(self._unsealed(data.key), record, vault_id=vault_id)

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new sealed key and its slot, which was opened once. HardwareUnavailable if the TPM does not do that."""
        kek = Secret(os.urandom(_KEY))
        with self._at_work(limits.TPM_WRITE_TIME) as deadline:
            sealed = tpm.seal(self._place, kek.reveal(), pcrs=self._pcrs, deadline=deadline)
            if Secret(tpm.unseal(self._place, sealed, deadline=deadline)) != kek:
                raise HardwareUnavailable("it does not return the key that it sealed")
        host = host_name() if self._host is None else self._host
        data = tpm_data.encode(TpmData(sealed, host[: limits.MAX_SLOT_HOST]))
        ext = Ext(name=NAME, data=data)
        record = SlotRecord(type=self.type, sid=new_sid(), opens=opens, wrap=b"", ext=ext)
        return wrap_key(kek, record, vault_id=vault_id, key=key)

    def check(self) -> None:
        """Learn the name of the TPM."""
        if self._name is None:
            with self._at_work() as deadline:
                self._name = tpm.root_name(self._place, deadline=deadline)

    def gone(self) -> HardwareUnavailable:
        """The TPM forgets its root key only when it is cleared."""
        return HardwareUnavailable("it was cleared or replaced since the slot was added", hint=_AGAIN)

    def is_here(self, record: SlotRecord) -> bool:
        """Whether this TPM sealed the key of ``record``, whatever its PCRs are now."""
        self.check()
        data = tpm_data.decode(record.ext.data) if record.ext is not None else None
        return data is not None and data.key.parent == self._name

    def like(self, record: SlotRecord) -> TpmSlot:
        """The same TPM with the PCRs of ``record``, as they are now."""
        return TpmSlot(
            self._place, pcrs=_data(record).key.pcrs, host=self._host, turn=self._turn, new_deadline=self._new_deadline
        )  # fmt: skip

    def in_lockout(self) -> bool:
        """Whether wrong PINs have locked the TPM for other programs. HardwareUnavailable."""
        with self._at_work() as deadline:
            return tpm.in_lockout(self._place, deadline=deadline)

    def _unsealed(self, key: SealedKey) -> Secret:
        with self._at_work() as deadline:
            return Secret(tpm.unseal(self._place, key, deadline=deadline))

    @contextmanager
    def _at_work(self, seconds: float = limits.TPM_TIME) -> Iterator[Deadline]:
        try:
            with self._turn():
                yield self._new_deadline(seconds)
        except Busy:
            raise HardwareUnavailable("other processes kept it busy") from None
        except TpmUnavailable as error:
            raise HardwareUnavailable(
                str(error), hint=self._hint(error), elsewhere=error.trouble == "other"
            ) from None

    def _hint(self, error: TpmUnavailable) -> str:
        match error.trouble:
            case "absent" if self._place:
                return "correct AWSVAULT_TPM, which names it, or turn the TPM on in the machine's firmware"
            case "absent":
                return "turn the TPM on in the machine's firmware, or name its device in AWSVAULT_TPM"
            case "access":
                return access_hint(self._place)
            case "owner":
                return "remove the password, or enable the hierarchy, with the program that set this, such as tpm2-tools"
            case "other" | "altered":
                return _AGAIN
            case "moved":
                return "if you changed the firmware or boot settings yourself, run: awsvault-py rekey"
            case _:
                return "run the command again; if that does not help, restart the machine"


def _data(record: SlotRecord) -> TpmData:
    data = tpm_data.decode(record.ext.data) if record.ext is not None else None
    if data is None or not tpm_wire.is_sealed_key(data.key.public, with_policy=bool(data.key.pcrs)):
        raise HardwareUnavailable("the data of its slot is not valid")
    return data
