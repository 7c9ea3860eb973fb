"""The security keys of this run's user: asks for the PIN and the touch, on the terminal or by pinentry."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from vault import limits
from vault.store.slots.fido2 import Fido2Slot
from vault.store.slots.hardware import HardwareUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.context import Context
    from vault.hardware.background_call import BackgroundCall
    from vault.secret import Secret
    from vault.store.format import SlotRecord
    from vault.system.clock import Deadline

T = TypeVar("T")


class AskedUser(NamedTuple):
    """The user at the terminal or desktop. ``purpose`` tells what the key is for: "to export dev".

    ``answer_by``: None if each question has its own time, which begins with it, and nothing else takes the place of the key.
    """

    context: Context
    purpose: str
    answer_by: Deadline | None

    def pin(self, *, complaint: str) -> Secret:
        """The PIN, typed without echo."""
        return self.context.interaction.hidden(
            "PIN of the security key",
            deadline=self._answer_by(),
            note=f"awsvault-py needs the security key {self.purpose}."
            + ("" if self.answer_by is None else " To do without it, press Enter."),
            complaint=complaint and f"{complaint}.",
        )

    def touch(self, call: BackgroundCall[T], *, text: str, deadline: Deadline) -> T:
        """Ask for the touch, and wait for it."""
        deadline = self._answer_by().at_most(deadline.remaining())
        try:
            if self.context.interaction.announce(
                f"awsvault-py needs the security key {self.purpose}. {text}",
                deadline=deadline,
                ended=call.wait,
            ):
                return call.result()
        finally:
            call.stop()
        raise HardwareUnavailable(
            "it was not touched in time",
            hint="run the command again, and touch the security key when it blinks",
        )

    def _answer_by(self) -> Deadline:
        return self.answer_by or self.context.new_deadline(limits.ATTENDED_PROMPT_TIME)


def slot(
    context: Context,
    *,
    purpose: str,
    answer_by: Deadline | None = None,
    with_pin: bool | None = True,
    taken: Sequence[SlotRecord] = (),
) -> Fido2Slot:
    """The slots of security keys that are plugged in."""
    user = AskedUser(context, purpose, answer_by)
    return Fido2Slot(user, with_pin=with_pin, taken=taken, new_deadline=context.new_deadline)
