"""Guard rails: what a profile's awsvault_ keys forbid, limit or ask the user to confirm before credentials are issued.

Every request for credentials passes here (obtain.issue). An answer under a guard rail is never remembered for warm
exports, which know no guard rails. The disk hit imports this module, so it imports nothing heavy. Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.request import Request
    from vault.profiles.chain import Chain, Guardrails
    from vault.profiles.session_policy import SessionPolicy


def applied(chain: Chain, request: Request) -> Chain:
    """``chain`` with the guard rails that apply to ``request``. Declined if one cannot be enforced."""
    guardrails = chain.guardrails
    if request.write:
        guardrails = guardrails._replace(read_only=False)
    elif guardrails.read_only and not chain.hops and not request.federates:
        raise errors.Declined(
            f"{chain.subject}: awsvault_read_only cannot be enforced: only the session of a role can be limited "
            "by a policy",
            hint="set awsvault_read_only in a profile with a role, or ignore it once: "
            f"{chain.command(request.repeated('exec --write'))} -- COMMAND",
        )
    if guardrails.policy is not None or request.policy is not None:
        guardrails = guardrails._replace(policy=_policy(chain, guardrails, request))
    chain = chain._replace(guardrails=guardrails)
    if guardrails.max_duration is not None and not request.session and not (chain.hops or request.federates):
        raise errors.Declined(
            f"{chain.subject}: awsvault_max_duration is set, but the key itself never expires",
            hint="leave out --no-session",
        )
    return chain


def _policy(chain: Chain, guardrails: Guardrails, request: Request) -> SessionPolicy | None:
    """The policy of the profile combined with that of the request. AWS applies it together with the read-only policy.

    Errors: Declined without a role; Usage or ConfigError for policies that would widen each other.
    """
    from vault.profiles import session_policy

    if not chain.hops and not request.federates:
        named = request.policy or guardrails.policy
        raise errors.Declined(
            f"{chain.subject}: {' and '.join(named.places) if named else 'a policy'} cannot be applied, "
            "because only the session of a role can have a policy",
            hint="use a profile with a role; login accepts a policy for a user too",
        )
    both = [policy for policy in (guardrails.policy, request.policy) if policy is not None]
    partition = chain.hops[-1].role_arn.split(":")[1] if chain.hops else chain.source_endpoint.partition
    try:
        for policy in both:
            session_policy.check_partition(policy, partition=partition)
        found = session_policy.combined(both)
        if guardrails.read_only and found is not None:
            session_policy.combined([found, session_policy.READ_ONLY])
    except errors.ConfigError as error:
        if request.policy is None:
            raise
        raise errors.Usage(error.message, hint=error.hint) from None
    return found


def check_expiry(chain: Chain, *, expires: int | None, now: float) -> None:
    """Declined if a source's own credentials last longer than awsvault_max_duration: nothing can shorten those."""
    most = chain.guardrails.max_duration
    if most is None or chain.hops:
        return  # a role session is never requested for longer (vault/profiles/plan)
    left = None if expires is None else int(expires - now)
    if left is None or left > most + limits.EXPIRY_SLACK:
        found = "never expire" if left is None else f"expire in {left} s"
        raise errors.Declined(
            f"{chain.subject}: awsvault_max_duration is {most} s, but the credentials of its source {found}",
            hint="set awsvault_max_duration in a profile with a role, whose session can have this duration",
        )


def confirm(context: Context, chain: Chain, request: Request, *, lifted: bool = False) -> str | None:
    """Ask for the confirmation that awsvault_confirm requires. Declined if the user says no or cannot be asked.

    Returns what the user confirmed if the agent should remember it (awsvault_confirm = session), otherwise None.
    ``lifted``: --write lifts awsvault_read_only, which needs its own confirmation.
    """
    setting = chain.guardrails.confirm
    if setting == "never" or request.agreed:
        return None
    what = subject(chain, lifted=lifted)
    region = request.region or chain.region
    if setting == "session" and _remembered(context, what):
        return None
    if setting == "agent" or _asks_at_desktop(context, request):
        return _at_desktop(context, chain, request, what, lifted=lifted)
    if not request.ask:
        # An SDK is waiting, and the user may not be looking: no window, no question, no waiting.
        raise _unconfirmed(context, chain, request, lifted=lifted)
    _ask(context, chain, lifted=lifted, region=region)
    return what if setting == "session" else None


def _asks_at_desktop(context: Context, request: Request) -> bool:
    """Whether the user has chosen to be asked at the desktop, and nobody can be asked at a terminal."""
    from vault.credentials.desktop_confirm import WAYS

    prompt = context.settings.prompt
    if not request.ask:
        return prompt in WAYS
    return prompt == "notification" and "tty" not in context.interaction.ways()


def _at_desktop(context: Context, chain: Chain, request: Request, what: str, *, lifted: bool) -> str | None:
    """Like ``confirm``, where the user is asked at the desktop. With awsvault_confirm = agent, only a coding agent's use is
    asked about, and never at a terminal, which the coding agent may control.
    """
    from vault.credentials.asking_program import asking_program
    from vault.credentials.desktop_confirm import DENIED, WAYS, ConfirmedUse, desktop_confirm

    asker = asking_program(context.settings.confirm_agents)
    setting = chain.guardrails.confirm
    if setting == "agent" and not asker.may_be_coding_agent:
        return None
    who = asker.name if setting == "agent" else ""
    region = request.region or chain.region
    if context.settings.prompt not in WAYS:
        raise _unconfirmed(context, chain, request, lifted=lifted, who=who)
    answer = desktop_confirm(context, ConfirmedUse(what, chain, setting, region, lifted, asker))
    if answer.refused == DENIED:
        raise errors.Declined(
            f"{chain.subject} was not used: {DENIED} at the desktop", hint="no credentials were issued"
        )
    if answer.refused:
        raise _unconfirmed(context, chain, request, lifted=lifted, who=who, why=answer.refused)
    return what if answer.remember else None


def _unconfirmed(
    context: Context, chain: Chain, request: Request, *, lifted: bool, who: str = "", why: str = ""
) -> errors.Declined:
    """The error if there was no answer. ``who``: the coding agent that asks; ``why``: what happened to the question."""
    setting = chain.guardrails.confirm
    run = f"{chain.command(request.repeated('exec --write' if lifted else 'exec'))} --"
    if who and not why:
        hint = 'to be asked at the desktop, set prompt = "notification" in config.toml'
    elif who:
        hint = f"run the command in a terminal outside {who}"
    elif setting == "session":
        hint = f"confirm once for as long as the agent runs: {_with_an_agent(context, run)}"
    else:
        hint = f"run the command as: {run} COMMAND"
    found = f"{chain.subject} needs confirmation before {f'{who} uses it' if who else 'each use'}"
    return errors.Declined(f"{found} (awsvault_confirm = {setting}){', and ' if why else ''}{why}", hint=hint)


def subject(chain: Chain, *, lifted: bool = False) -> str:
    """What a confirmation is for: the profile and its role or source. Another role, another profile that assumes it, another
    source, other guard rails, or --write needs another confirmation.
    """
    from vault.crypto.sha256 import sha256

    through = f" through {chain.path[1]}" if len(chain.path) > 1 else ""
    source = [
        value for name, value in zip(chain.source._fields, chain.source, strict=True) if name in _OF_SOURCE
    ]
    limited = chain.guardrails._replace(confirm="", environment=None)
    if limited.policy is not None:
        limited = limited._replace(policy=limited.policy._replace(places=()))
    rest = repr(
        (type(chain.source).__name__, source, chain.path, [hop.role_arn for hop in chain.hops], limited)
    )
    digest = sha256(rest.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{chain.profile} {_target(chain)}{through}{' with --write' if lifted else ''}\0{digest}"


# The fields of a source that say whose credentials it gives. No place in a file: a line may move.
_OF_SOURCE = frozenset(
    {"entry", "profile", "access_key_id", "command", "role_arn", "token_file", "token_process", "session", "start_url",
     "account_id", "role_name", "name"}
)  # fmt: skip


def _target(chain: Chain) -> str:
    return chain.hops[-1].role_arn if chain.hops else f"the source of {chain.source_profile}"


def _ask(context: Context, chain: Chain, *, lifted: bool, region: str) -> None:
    from vault.system.prompts import NoAnswer

    about = f"{f'with profile {safe(chain.path[1])}' if chain.by_arn else safe(_target(chain))}, in {safe(region)}"
    if chain.guardrails.environment:
        about = f"{safe(chain.guardrails.environment)}: {about}"
    how = " with write access, although it is set to read-only," if lifted else ""
    question = f"Use {chain.subject}{how} ({about})?"
    try:
        yes = context.interaction.confirm(question, deadline=context.new_deadline(limits.PROMPT_TIME))
    except NoAnswer as reason:
        hint = "no credentials were issued"
        if reason.reason == "impossible":
            hint = "run the command in a terminal, or set AWSVAULT_PROMPT to tty or pinentry"
        raise errors.Declined(
            f"{chain.subject} needs confirmation before it is used, and {reason.message}", hint=hint
        ) from None
    if not yes:
        raise errors.Declined(
            f"{chain.subject} was not used: you declined", hint="no credentials were issued"
        )


def _with_an_agent(context: Context, run: str) -> str:
    """The command that makes the agent remember the confirmation; without an agent, the command that asks each time."""
    if context.settings.agent == "off":
        return f"the agent is off, so run the command as: {run} COMMAND"
    return f"{run} true" if context.agent.agent() is not None else f"awsvault-py unlock; {run} true"


def _remembered(context: Context, what: str) -> bool:
    answer = context.agent.ask("CONFIRMED", what=what)
    return bool(answer and answer["ok"] and answer.get("confirmed"))
