"""Questions about a key and its device, each asked again if the answer is wrong. Stores nothing."""

from __future__ import annotations

from vault import limits
from vault.aws import key_format
from vault.errors import Refused, Usage
from vault.keys.key_input import (
    WRONG_ID,
    WRONG_SECRET,
    NewKey,
    check_device_account,
    check_serial,
    parse_seed,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.context import Context
    from vault.keys.verify import Verification
    from vault.mfa.codes import Seed
    from vault.secret import Secret

    D = TypeVar("D")
    T = TypeVar("T")


_TRIES = 3  # a paste goes wrong twice at most


def ask_key(
    context: Context,
    *,
    name: str,
    verify: Callable[[NewKey], Verification],
    prove: Callable[[NewKey], None],
    kept_serial: Callable[[Verification], str | None] = lambda _: None,
) -> tuple[NewKey, Verification]:
    """The key that the user types or pastes, and what AWS said of it.

    ``verify`` asks AWS as soon as there is an ID and a secret, and ``prove`` as soon as there is a seed, if AWS knew the key:
    a Usage of it is shown, and the seed is asked for again. ``kept_serial`` is the device that the key has if the user types
    none. Usage after three values of the wrong form, Refused after
    three keys that AWS refuses.
    """
    prompts = KeyPrompts(context, name)
    key_id, secret, found = _ask_until_verified(prompts, verify)
    kept = kept_serial(found)
    on_enter = f"to keep {kept}" if kept is not None else "for none"

    def ask_serial(complaint: str) -> str | None:
        typed = prompts.plain(f"ARN of the user's MFA device (Enter {on_enter})", complaint)
        serial = check_serial(typed) if typed else None
        check_device_account(serial, found)
        return serial

    def with_seed(serial: str | None) -> NewKey:
        device = NewKey(key_id, secret, serial)

        def check_seed(seed: Seed) -> None:
            if found.identity is not None:
                prove(device._replace(seed=seed))

        return device if serial is None else device._replace(seed=prompts.seed(check_seed))

    return ask_device(ask_serial, with_seed), found


def ask_device(ask_serial: Callable[[str], D], with_seed: Callable[[D], T]) -> T:
    """What ``with_seed`` makes of the device that ``ask_serial`` returns.

    Both are called again if AWS says that the device is not this user's; the third Refused is raised.
    """
    complaint, tries = "", _TRIES
    while True:
        serial = ask_until_valid(ask_serial, complaint)
        try:
            return with_seed(serial)
        except Refused as error:
            tries -= 1
            if not tries:
                raise
            complaint = f"{error.message}. Type the ARN again."


class KeyPrompts:
    """The questions about one entry. Each has its own time, in which the user can look up the answer."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name

    def plain(self, question: str, complaint: str) -> str:
        """One question, answered visibly."""
        deadline = self._context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        return self._context.interaction.plain(question, deadline=deadline, complaint=complaint)

    def hidden(self, question: str, complaint: str) -> Secret:
        """One question whose answer is not shown."""
        deadline = self._context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        return self._context.interaction.hidden(question, deadline=deadline, complaint=complaint)

    def key_id(self, complaint: str = "") -> str:
        """An access key ID. Usage."""
        question = f"Access key ID for {self._name}"
        return ask_until_valid(lambda c: key_format.check_access_key_id(self.plain(question, c)), complaint)

    def secret(self, complaint: str = "") -> Secret:
        """A secret access key. Usage."""
        question = "Secret access key (not shown)"
        return ask_until_valid(lambda c: key_format.check_secret(self.hidden(question, c)), complaint)

    def seed(self, check: Callable[[Seed], None] = lambda _: None) -> Seed | None:
        """The seed of an MFA device, or None. ``check`` raises Usage if it is the wrong one. Usage."""
        question = "MFA seed, base32 or otpauth:// (not shown; Enter to type codes instead)"

        def ask(complaint: str) -> Seed | None:
            seed = parse_seed(self.hidden(question, complaint))
            if seed is not None:
                check(seed)
            return seed

        return ask_until_valid(ask)


def _ask_until_verified(
    prompts: KeyPrompts, verify: Callable[[NewKey], Verification]
) -> tuple[str, Secret, Verification]:
    """An ID and a secret that belong together. The one that AWS refuses is asked for again, and the other is kept."""
    key_id, secret, tries = prompts.key_id(), prompts.secret(), _TRIES
    while True:
        try:
            return key_id, secret, verify(NewKey(key_id, secret))
        except Refused as error:
            tries -= 1
            if not tries or error.code not in (WRONG_SECRET, WRONG_ID):
                raise
            differences = key_format.odd_lengths(key_id, secret)
            more = f" ({differences})" if differences else ""
            if error.code == WRONG_SECRET:
                secret = prompts.secret(f"AWS says that this is not the secret of {key_id}{more}. Try again.")
            else:
                key_id = prompts.key_id(f"AWS does not know an active key {key_id}{more}. Type its ID again.")


def ask_until_valid(ask: Callable[[str], T], complaint: str = "") -> T:
    """What ``ask`` returns. It is called again with a complaint after a Usage; the third Usage is raised."""
    tries = _TRIES
    while True:
        try:
            return ask(complaint)
        except Usage as error:
            tries -= 1
            if not tries:
                raise
            complaint = f"{error.message}; {error.hint}"
