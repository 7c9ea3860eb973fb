"""The ``fido2`` slot: a security key (CTAP 2) of the user computes the key that opens the vault, after a touch (format.md 4).

Asks the user nothing itself: ``KeyUser`` does.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from vault import limits
from vault.hardware import security_key
from vault.hardware.background_call import BackgroundCall
from vault.hardware.security_key import SecurityKeyFailed
from vault.store import slot_text
from vault.store.format import Ext, Group, SlotRecord
from vault.store.slots import fido2_data, new_sid, unwrap_key, wrap_key
from vault.store.slots.fido2_data import SALT, Fido2Data
from vault.store.slots.hardware import REPLACE, HardwareSlot, HardwareUnavailable
from vault.system import fido_nodes
from vault.system.clock import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from vault.hardware.security_key import SecurityKey
    from vault.secret import Secret

T = TypeVar("T")
NAME = "fido2"
INSTALL = 'install the optional dependency, for example: pipx inject awsvault-py "fido2>=2,<3"'
UDEV = (
    "allow your login to use security keys: install your distribution's udev rules for them (libfido2, or a recent systemd), "
    "then plug the key in again"
)
_PIN_TRIES = 3  # a security key blocks itself after as many, until it is plugged in again


class KeyUser(Protocol):
    """The user of a security key."""

    def pin(self, *, complaint: str) -> Secret:
        """The PIN that the user types; empty to do without the key. NoAnswer."""

    def touch(self, call: BackgroundCall[T], *, text: str, deadline: Deadline) -> T:
        """The result of ``call``, which waits until the user touches the key; ``text`` asks for that. HardwareUnavailable if
        the deadline comes first, and NoAnswer.
        """


class Fido2Slot(HardwareSlot):
    """A security key that is plugged in. A new slot is for the only one, or for the credential of ``again``.

    ``with_pin``: None if only a key that does nothing without its PIN is asked with it. ``taken``: slots whose keys get no second one. ``find`` lists the keys.
    """

    ext_name = NAME
    attended = True

    def __init__(
        self,
        user: KeyUser,
        *,
        with_pin: bool | None = True,
        taken: Sequence[SlotRecord] = (),
        again: Fido2Data | None = None,
        find: Callable[[], list[SecurityKey]] | None = None,
        new_deadline: Callable[[float], Deadline] = Deadline.after,
    ) -> None:
        self._user = user
        self._with_pin = with_pin
        self._taken = {data.credential: one for one in taken if (data := _decoded(one)) is not None}
        self._again = again
        self._find = find or partial(security_key.plugged, set())
        self._mute: list[SecurityKey] = []
        self._new_deadline = new_deadline
        self._computed: dict[Fido2Data, Secret] = {}
        self.known_gen = 0

    def unwrap(self, record: SlotRecord, *, vault_id: bytes) -> Secret:
        """The wrapped key, after a PIN (if the slot has one) and a touch. HardwareUnavailable, and the user's NoAnswer.

        The user is asked once: other slots and backups are not worth another touch.
        """
        data = _decoded(record)
        if data is None:
            raise HardwareUnavailable("the data of its slot is not valid")
        if data not in self._computed:
            if self._computed:
                raise HardwareUnavailable("it was touched for another slot already")
            with self._key_of(data) as key:
                kek = self._secret(key, data, text="Touch the security key.")
            self._computed[data] = kek
        return unwrap_key(self._computed[data], record, vault_id=vault_id)

    def wrap(self, key: Secret, *, vault_id: bytes, opens: Group = "main") -> SlotRecord:
        """A new slot, with a salt of its own. HardwareUnavailable, and the user's NoAnswer."""
        if self._again is None:
            with self._only_key() as device:
                data, kek = self._added(device)
        else:
            data = self._again._replace(salt=os.urandom(SALT))
            with self._key_of(data) as device:
                kek = self._secret(device, data, text="Touch the security key to keep its slot.")
        ext = Ext(name=NAME, data=fido2_data.encode(data))
        record = SlotRecord(type=self.type, sid=new_sid(), opens=opens, wrap=b"", ext=ext)
        return wrap_key(kek, record, vault_id=vault_id, key=key)

    def check(self) -> None:
        """Do nothing if a slot can be added for the key that is plugged in."""
        with self._only_key():
            pass

    def gone(self) -> HardwareUnavailable:
        """A key that is not plugged in is not gone."""
        return HardwareUnavailable(
            "it is not plugged in", hint="plug in the security key of the slot", elsewhere=True
        )

    def is_here(self, record: SlotRecord) -> bool:
        """Whether the security key of ``record`` is plugged in."""
        data = _decoded(record)
        if data is None:
            return False
        try:
            with self._key_of(data):
                return True
        except HardwareUnavailable as reason:
            if reason.elsewhere:
                return False
            raise

    def like(self, record: SlotRecord) -> Fido2Slot:
        """The same credential."""
        return Fido2Slot(self._user, again=_decoded(record), find=self._find, new_deadline=self._new_deadline)

    def in_lockout(self) -> bool:
        """Its PIN is for this slot alone."""
        return False

    # ── the keys that are plugged in ──

    @contextmanager
    def _keys(self) -> Iterator[list[SecurityKey]]:
        found = self._find_all()
        try:
            if not found and (closed := fido_nodes.closed_nodes()):
                raise HardwareUnavailable(f"no access to {closed[0]}", hint=UDEV)
            yield found
        except SecurityKeyFailed as error:
            raise _unavailable(error) from None
        finally:
            for key in found:
                if key not in self._mute:  # a thread still reads from it
                    key.close()

    def _find_all(self) -> list[SecurityKey]:
        try:
            return self._find()
        except SecurityKeyFailed as error:
            raise _unavailable(error) from None

    @contextmanager
    def _key_of(self, data: Fido2Data) -> Iterator[SecurityKey]:
        """The key that made the slot's credential. What is wrong with another key is told only if that one is not there."""
        trouble: Exception | None = None
        with self._keys() as found:
            for key in found:
                try:
                    knows = self._knows(key, data.credential)
                except (HardwareUnavailable, SecurityKeyFailed) as error:
                    trouble = error
                    continue
                if knows:
                    yield key
                    return
            if trouble is not None:
                raise trouble
            raise HardwareUnavailable(
                "it is another security key" if found else "it is not plugged in",
                hint="plug in the security key of the slot",
                elsewhere=True,
            )

    @contextmanager
    def _only_key(self) -> Iterator[SecurityKey]:
        """The key to add a slot for."""
        with self._keys() as found:
            able = [key for key in found if key.has_hmac_secret]
            if not able:
                raise HardwareUnavailable(
                    "it has no hmac-secret" if found else "none is plugged in",
                    hint="plug in a security key for FIDO2 that has the extension hmac-secret",
                )
            if len(able) > 1:
                raise HardwareUnavailable(
                    f"{len(able)} are plugged in", hint="leave only the one that gets the slot"
                )
            (key,) = able
            slot = next((slot for one, slot in self._taken.items() if self._knows(key, one)), None)
            if slot is not None:
                options = "--no-pin" if self._with_pin is False else ""
                raise HardwareUnavailable(
                    "it already has a slot",
                    hint=slot_text.filled(REPLACE.format("fido2"), slot, options=options),
                )
            if self._with_pin and not key.has_pin:
                raise HardwareUnavailable(
                    "it has no PIN",
                    hint="set one with its maker's program, such as ykman fido access change-pin; or use --no-pin: then "
                    "everyone who has the key can unlock the vault",
                )
            if self._with_pin is False and key.always_asks_pin:
                raise HardwareUnavailable("it does nothing without its PIN", hint="leave out --no-pin")
            yield key

    def _knows(self, key: SecurityKey, credential: bytes) -> bool:
        if key in self._mute:
            raise _unavailable(SecurityKeyFailed("it does not answer", "mute"))
        try:
            return self._at_once(lambda _stop: key.knows(credential))
        except HardwareUnavailable:
            self._mute.append(key)
            raise

    # ── what they do ──

    def _added(self, key: SecurityKey) -> tuple[Fido2Data, Secret]:
        """A new credential, and its secret: computed as an unlock does, so that it is known to work."""
        token = self._token(key, to_create=True) if key.has_pin else None
        credential = self._touched(
            lambda stop: key.create(user="vault", token=token, taken=list(self._taken), stop=stop),
            text="Touch the security key to add it (1 of 2).",
        )
        uv = key.always_asks_pin if self._with_pin is None else self._with_pin
        data = Fido2Data(credential, os.urandom(SALT), uv, key.aaguid)
        return data, self._secret(key, data, text="Touch the security key again (2 of 2).")

    def _secret(self, key: SecurityKey, data: Fido2Data, *, text: str) -> Secret:
        token = self._token(key, to_create=False) if data.uv else None
        return self._touched(
            lambda stop: key.secret(data.credential, data.salt, token=token, stop=stop), text=text
        )

    def _token(self, key: SecurityKey, *, to_create: bool) -> bytes:
        self._at_once(lambda _stop: key.check_pin_tries())
        complaint = ""
        for _ in range(_PIN_TRIES):
            pin = key.pin or self._user.pin(complaint=complaint)
            if not len(pin):
                raise HardwareUnavailable(
                    "no PIN was typed", hint="run the command again, and type the PIN of the key"
                )
            try:
                token = self._at_once(partial(_token_of, key, pin, to_create=to_create))
            except SecurityKeyFailed as error:
                if error.trouble != "pin":
                    raise
                key.pin, complaint = None, _wrong_pin(error)
                continue
            key.pin = pin
            return token
        raise HardwareUnavailable(complaint)

    def _touched(self, function: Callable[[threading.Event], T], *, text: str) -> T:
        deadline = self._new_deadline(limits.TOUCH_TIME)
        return self._user.touch(BackgroundCall(function), text=text, deadline=deadline)

    def _at_once(self, function: Callable[[threading.Event], T]) -> T:
        """The result of a call that waits for nobody."""
        call = BackgroundCall(function)
        if not call.wait(limits.SECURITY_KEY_TIME):
            call.stop()
            raise _unavailable(SecurityKeyFailed("it does not answer", "mute"))
        return call.result()


def _token_of(key: SecurityKey, pin: Secret, _stop: threading.Event, *, to_create: bool) -> bytes:
    return key.token(pin, to_create=to_create)


def _wrong_pin(error: SecurityKeyFailed) -> str:
    if error.tries is None:  # the key was not asked
        return str(error)
    tries = f"{error.tries} tries are" if error.tries != 1 else "1 try is"
    return f"{error}; {tries} left"


def _unavailable(error: SecurityKeyFailed) -> HardwareUnavailable:
    hints = {
        "library": INSTALL,
        "mute": "unplug the security key and plug it in again",
        "replug": "unplug the security key, plug it in again, and run the command again",
        "blocked": "only a reset of the security key ends that, and deletes its credential: remove its slot",
        "untouched": "run the command again, and touch the security key when it blinks",
        "exists": "to find its slot, run: awsvault-py slots list",
    }
    return HardwareUnavailable(
        str(error), hint=hints.get(error.trouble, ""), elsewhere=error.trouble == "unknown"
    )


def _decoded(record: SlotRecord) -> Fido2Data | None:
    if record.ext is None or record.ext.name != NAME:
        return None
    return fido2_data.decode(record.ext.data)
