"""Signs in to IAM Identity Center, for ``sso login`` and for commands that offer it: which way, which browser, which vault."""

from __future__ import annotations

from vault import errors, limits
from vault.cli.browsers import opener, openers
from vault.cli.init import create_and_report
from vault.cli.terminal import local, say
from vault.credentials import audit
from vault.credentials.forget_sessions import forget_files, forget_sign_in
from vault.profiles import aws_files
from vault.records import NamedTuple
from vault.signin import begin, target
from vault.signin.flow_choice import preferred, reason_for_device
from vault.signin.key import to_sign_in
from vault.store import vault
from vault.system.tty import NoAnswer
from vault.text import safe
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.signin.flows import Opens
    from vault.signin.record import SignInPlace, SignInRecord
    from vault.signin.target import SignInTarget
    from vault.unlocking.keys import Keys


class Wanted(NamedTuple):
    """What the command line says about the way to sign in."""

    device: bool = False
    no_browser: bool = False
    browser: str | None = None


_NOTHING_SAID = Wanted()


def sign_in(
    context: Context,
    config: Config,
    place: SignInTarget,
    *,
    wanted: Wanted = _NOTHING_SAID,
    agree: Callable[[], None] | None = None,
    since: float | None = None,
) -> SignInRecord:
    """Sign in at ``place``, and create the vault if there is none. ``agree`` and ``since`` as in vault/signin/begin.

    Errors: those of vault/signin/begin and of opening the vault.
    """
    begin.check_host(place)
    by_device, opens, reason = _way(context, config, place, wanted)
    opened = None
    if not vault.exists(context.paths):
        if agree is not None:
            agree()
            agree = None
        opened = create_and_report(context, create.choose_passphrase(context))
    here: list[bool] = []

    def begins() -> None:
        if agree is not None:
            agree()
        here.append(True)  # otherwise another process signed in, and logged it
        if reason is not None:
            say(f"Using a device code, because {reason}.")

    with to_sign_in(context, purpose=f"to sign in to {safe(place.place.name)}", opened=opened) as access:
        found = begin.sign_in(
            context,
            access.sign_ins,
            place,
            device=by_device,
            opens=opens,
            tell=say,
            agree=begins,
            since=since,
            access=access,
        )
        if here:
            _forget_roles(context, access.keys, config, found.place)
        log = access.log
    say(f"Signed in to {safe(found.place.name)}{_until(found)}.")
    if here and found.access is not None:
        audit.log_sign_in(context, log, found.place, use="sign-in", expires=found.access.expires)
    return found


def _forget_roles(context: Context, keys: Keys, config: Config, at: SignInPlace) -> None:
    """Delete the cached sessions of the place: another user may have signed in now, and a token does not say who."""
    try:
        forget_sign_in(context, keys, config, at)
    except errors.Locked:  # the vault was locked meanwhile, so whose sessions the files are cannot be told
        forget_files(context)


def offer(context: Context, error: errors.NotSignedIn, *, since: float) -> None:
    """Sign in, if the user wants to. Raises ``error`` if not; otherwise the errors of ``sign_in``."""
    config = aws_files.load(context.env, home=context.paths.home)
    place = target.of_name(context, config, error.sign_in)

    def agree() -> None:
        say(f"{error.message}.")
        deadline = context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        question = f"Sign in to {safe(place.place.name)} now?"
        try:
            agreed = context.interaction.confirm(question, deadline=deadline, default=True)
        except NoAnswer:
            agreed = False
        if not agreed:
            raise error

    sign_in(context, config, place, agree=agree, since=since)


def _way(
    context: Context, config: Config, place: SignInTarget, wanted: Wanted
) -> tuple[bool, Opens | None, str | None]:
    """Whether to use a device code, and otherwise what opens the browser: the command line, the section, config.toml.

    Last, why a device code has to be used although nobody chose it.
    """
    way = preferred(config, place.place.session, context.settings)
    flow = way.flow
    if wanted.device:
        flow = "device"
    elif wanted.no_browser or wanted.browser is not None:
        flow = "browser"
    if flow == "device":
        return True, None, None
    if wanted.no_browser:
        found = []
    elif wanted.browser is None and way.browser:
        found = [list(way.browser)]
    else:
        found = openers(context, wanted.browser)
    reason = reason_for_device(context.env, opens=bool(found)) if flow == "auto" else None
    if reason is not None:
        return True, None, reason
    return False, opener(context, found) if found else None, None


def _until(found: SignInRecord) -> str:
    if found.access is None or found.refresh is not None:
        return ""
    return f", until {local(found.access.expires)}"
