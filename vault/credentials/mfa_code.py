"""One MFA code for one call: from the command line, a stored seed, a program or the user.

A code is in the ledger before it is returned, so no other process sends it too.
"""

from __future__ import annotations

from vault import errors, limits
from vault.records import NamedTuple
from vault.text import command, safe
from vault.unlocking.keys import CodeWait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from vault.context import Context
    from vault.mfa.ledger import Code
    from vault.unlocking.keys import Keys

    T = TypeVar("T")


class MfaDevice(NamedTuple):
    """A device whose code a call needs: its serial, the program that may print its codes, and the profile that asks.

    ``entry`` is the vault's entry whose key makes the call, or empty. ``place`` is the file and line that names the
    device.
    """

    serial: str
    process: str | None
    profile: str
    entry: str = ""
    place: str = ""


class NoCode(errors.Locked):
    """No code of the device is available: no seed is stored, no program is set, and the user cannot be asked (3)."""


class Codes:
    """Where this run gets its codes. ``given`` is --mfa-code, which is good for one call. ``programs``: mfa_process may run."""

    __slots__ = ("_context", "_given", "_keys", "_programs", "by_user", "skew")

    def __init__(
        self, context: Context, keys: Keys, *, given: str | None = None, programs: bool = True
    ) -> None:
        self._context = context
        self._keys = keys
        self._programs = programs
        self._given = _check_digits(given, "--mfa-code", usage=True) if given is not None else None
        self.by_user = False  # whether the user gave the last code
        self.skew = 0.0  # AWS's clock minus this machine's, once an answer has shown it

    @property
    def typed(self) -> bool:
        """Whether a code from the command line is still unused."""
        return self._given is not None

    def take(
        self, device: MfaDevice, *, after: int | None = None, most: float = limits.CODE_WAIT
    ) -> tuple[Code, bool]:
        """A code, and whether to try the next one if AWS refuses it (only for a code computed from a seed).

        ``after`` is a step that AWS refused; ``most`` is how many seconds to wait for a free step, 0 for none. Errors:
        ledger.NoCodeInTime, ledger.UsedCode, NoCode, ConfigError.
        """
        self.by_user = self._given is not None
        if self._given is not None:
            given, self._given = self._given, None
            return self._keys.note_code(device.serial, given, deadline=self._context.new_deadline()), False
        code = self._computed(device, after=after, most=most)
        if code is not None:
            return code, True
        self.by_user = not device.process
        text = self._run(device) if device.process else self._ask(device)
        return self._keys.note_code(device.serial, text, deadline=self._context.new_deadline()), False

    def _computed(self, device: MfaDevice, *, after: int | None, most: float) -> Code | None:
        """A code from a stored seed. For a strict seed, asks for its passphrase first."""

        def take() -> Code | None:
            wait = CodeWait(
                self._context.new_deadline(), most, skew=self.skew, after=after, waiting=self._show_wait()
            )
            return self._keys.take_code(device.serial, wait)

        try:
            return take()
        except errors.StrictClosed:
            from vault.unlocking import strict_seeds

            access = strict_seeds.ask_for(self._context, purpose=f"for a code of {device.serial}")
            self._keys.open_strict(access.key)
        try:
            return take()
        finally:
            if access.passphrase is None:  # a touch is for one use
                from vault.unlocking.key_handover import close_strict

                close_strict(self._context, vault_id=self._keys.vault_id)

    @property
    def keys(self) -> Keys:
        """The unlocked vault that the codes come from."""
        return self._keys

    def send(self, device: MfaDevice, call: Callable[[str], T], *, most: float = limits.CODE_WAIT) -> T:
        """``call`` with a code. If AWS refuses a code that was computed from a seed, tries the next step's code, once.

        Errors: those of ``take`` and of ``call``; Refused with code ClockSkew if the clock is the cause.
        """
        from vault.aws import service_errors

        code, computed = self.take(device, most=most)
        try:
            return call(code.text)
        except errors.Refused as error:
            if error.code != service_errors.MFA_CODE:
                raise
            if not computed:
                error.hint = (
                    "a code works once and for about a minute: use the next one that the device shows"
                )
                raise
            self._learn_skew(error)
        code, _ = self.take(device, after=code.step)
        try:
            return call(code.text)
        except errors.Refused as error:
            error.hint = error.hint.replace(
                "awsvault-py mfa resync NAME", command("mfa resync", device.serial)
            )
            raise

    def _learn_skew(self, refusal: errors.Refused) -> None:
        """The Date of AWS's refusal tells how far this machine's clock is off."""
        skew = refusal.date - self._context.clock.time() if refusal.date is not None else 0.0
        if abs(skew) > limits.CLOCK_SKEW_MOST:
            direction = "behind" if skew > 0 else "ahead of"
            raise errors.Refused(
                f"{refusal.message}; this machine's clock is {abs(skew):.0f} s {direction} AWS's, so its codes are not valid",
                hint="set the clock (for example: timedatectl set-ntp true) and run the command again",
                code="ClockSkew",
            ) from None
        if abs(skew) > limits.CLOCK_SKEW_WARN:
            self.skew = skew

    def _show_wait(self) -> Callable[[float], None] | None:
        if not self._context.attended:
            return None
        shown: list[float] = []

        def show(left: float) -> None:
            if not shown:
                self._context.interaction.tell(wait_text(left, "the next MFA code"))
            shown.append(left)

        return show

    def _run(self, device: MfaDevice) -> str:
        """The code that mfa_process prints."""
        if not self._programs:
            raise NoCode(
                f"profile {safe(device.profile)} needs a code of {safe(device.serial)}, and mfa_process may ask for a touch"
            )
        from vault.settings import command_words

        try:
            words = command_words(device.process)
        except ValueError as error:
            raise errors.ConfigError(f"profile {safe(device.profile)}: mfa_process must be {error}") from None
        return code_of_program(self._context, words, what=f"profile {safe(device.profile)}: mfa_process")

    def _similar_device(self, device: MfaDevice) -> str | None:
        """A device with a stored seed whose serial is similar to the one that is asked for, or None."""
        try:
            return self._keys.contents().similar_device(device.serial)
        except errors.Error:  # the agent ended meanwhile: ask without the suggestion
            return None

    def _ask(self, device: MfaDevice) -> str:
        from vault.system.prompts import NoAnswer

        question = f"MFA code of {safe(device.serial)} for profile {safe(device.profile)}"
        near = self._similar_device(device)
        other = f"no seed is stored for it, but one is for {safe(near)}" if near is not None else ""
        complaint = other
        while True:
            try:
                answer = self._context.interaction.plain(
                    question, deadline=self._context.new_deadline(limits.PROMPT_TIME), complaint=complaint
                )
            except NoAnswer as reason:
                raise NoCode(
                    f"profile {safe(device.profile)} needs a code of {safe(device.serial)}: "
                    f"{other or 'no seed is stored for it'}, and {safe(reason.message)}",
                    hint=_no_code_hint(device, near),
                ) from None
            try:
                return _check_digits(answer, "the answer", usage=True)
            except errors.Usage:
                complaint = f"a code has {limits.CODE_DIGITS} digits"


def code_of_program(context: Context, words: Sequence[str], *, what: str) -> str:
    """The code that a program prints. Runs it as AWS's tools do, without a shell, and without AWSVAULT_ variables.

    A YubiKey may want a touch, which the terminal says, if there is one. NoCode, and ConfigError if it printed no digits.
    """
    from vault.mfa import yubikey
    from vault.system.programs import ProgramFailed, output

    env = {name: value for name, value in context.env.items() if not name.startswith("AWSVAULT_")}
    touch = yubikey.is_command(words)
    seconds = limits.YUBIKEY_TIME if touch else limits.PASSPHRASE_COMMAND_TIME
    if touch:
        context.interaction.tell("If the YubiKey blinks, touch it: awsvault-py needs an MFA code from it.")
    try:
        raw = output(words, env=env, limit=limits.MAX_CODE_OUTPUT, deadline=context.new_deadline(seconds))
    except ProgramFailed as error:
        hint = "run the program yourself to see its output"
        if touch:
            from shlex import join

            hint = (
                f"plug in the YubiKey, and touch it within {seconds:.0f} s if it blinks; to see what ykman says, run: "
                f"{safe(join(words))}"
            )
        raise NoCode(f"{what} gave no code: {error.message}", hint=hint) from None
    return _check_digits(raw.decode("ascii", "replace"), what, usage=False)


def wait_text(left: float, code: str) -> str:
    """What a user reads who waits ``left`` seconds for ``code``."""
    return f"waiting {max(1, -int(-left // 1))} s for {code} …"


def _no_code_hint(device: MfaDevice, near: str | None) -> str:
    """The hint if no code is available. ``near`` is a similar device with a stored seed."""
    if near is not None:
        where = f" at {device.place}" if device.place else ""
        return f"if that is the right device, fix mfa_serial{where}; otherwise give a code: --mfa-code"
    if device.entry:
        return f"store the seed: {command('mfa add', device.entry)}, or give a code: --mfa-code"
    return "give a code: --mfa-code"


def _check_digits(text: str, source: str, *, usage: bool) -> str:
    """The six digits of ``text``, which an app may show and copy as ``123 456``."""
    packed = "".join(text.split())
    if packed.isascii() and packed.isdigit() and len(packed) == limits.CODE_DIGITS:
        return packed
    kind = errors.Usage if usage else errors.ConfigError
    raise kind(f"{source} did not give the {limits.CODE_DIGITS} digits of a code")
