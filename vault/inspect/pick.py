"""Lets the user choose a profile from a list, the most used first. Does not open the vault or use the network.

The log shows how often each profile was used, if the cache key is available without a prompt. Otherwise the list has the order
of the files.
"""

from __future__ import annotations

from collections import Counter

from vault import errors, limits
from vault.credentials import audit
from vault.credentials.prefix_match import chosen
from vault.profiles import aws_files
from vault.profiles.production import means_production
from vault.system.picker import Item, pick
from vault.system.tty import NoAnswer
from vault.unlocking import cache_key
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.aws_files import Config


def possible(context: Context) -> bool:
    """Whether a list can be shown: there is a terminal, and prompts are allowed."""
    return "tty" in context.interaction.ways() and context.env.get("TERM", "dumb") != "dumb"


def pick_profile(context: Context, question: str, *, start: str = "") -> str:
    """Have the user choose a profile. Raises Declined if none was chosen, NotFound if there are no profiles."""
    config = aws_files.load(context.env, home=context.paths.home)
    if not config.profiles:
        raise errors.NotFound(
            f"there are no profiles in {config.config_path}",
            hint="store a key and create its profile: awsvault-py add NAME",
        )
    try:
        return pick(
            question,
            items(config, used=used(context)),
            deadline=context.new_deadline(limits.ATTENDED_PROMPT_TIME),
            typed=start,
            colour=not context.env.get("NO_COLOR"),
        )
    except NoAnswer as reason:
        raise errors.Declined(
            reason.told("no profile was chosen"), hint="name the profile on the command line"
        ) from None


def exact_or_only(context: Context, start: str) -> str | None:
    """The profile ``start``, or the only profile whose name starts with it; None if there are none or several.

    Raises NotFound if ``start`` names a profile that does not exist.
    """
    config = aws_files.load(context.env, home=context.paths.home)
    try:
        name = chosen(config, start)
    except errors.NotFound:
        return None
    if name not in config.profiles:
        raise errors.NotFound(
            f"there is no profile {name!r}", hint=config.suggestion(name) or "run: awsvault-py list"
        )
    return name


def items(config: Config, *, used: Counter[str]) -> list[Item]:
    """All profiles with their roles and environments: the most used first, the rest in the order of the files."""
    order = sorted(config.profiles, key=lambda name: -used[name])
    return [_item(config, name) for name in order]


def used(context: Context) -> Counter[str]:
    """How often credentials of each profile were issued, by the newest records of the log; empty if reading it needs a prompt."""
    key = (
        cache_key.find(context.env, context.paths, context.agent)
        if not manually_locked(context.paths)
        else None
    )
    if key is None:
        return Counter()
    context.agent.ask("LOG", answer=limits.AGENT_TALK)  # makes the agent write its pending records first
    try:
        return audit.used(context.paths.log, cache_key=key.key, vault_id=key.vault_id)
    except errors.Error:
        return Counter()


def _item(config: Config, name: str) -> Item:
    try:
        profile = config.profile(name)
        role = profile.get("role_arn") if profile is not None else None
        center = (
            [profile.get(key) for key in ("sso_account_id", "sso_role_name")] if profile is not None else []
        )
        environment = profile.prefixed("environment") if profile is not None else None
    except errors.ConfigError:
        return Item(name)
    notes = []
    if role is not None:
        parts = role.value.split(":", 5)
        notes = [parts[4], parts[5].rpartition("/")[2]] if len(parts) == 6 else []
    else:
        notes = [one.value for one in center if one is not None]
    warn = environment is not None and means_production(environment.value)
    if environment is not None:
        notes.append(environment.value.upper() if warn else environment.value)
    return Item(name, " ".join(notes), warn=warn)
