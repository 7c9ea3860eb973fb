"""`awsvault-py setup --sso`: a profile for each role of a sign-in to IAM Identity Center."""

from __future__ import annotations

from fnmatch import fnmatchcase

from vault.cli import change_view
from vault.cli.import_report import named
from vault.cli.progress_bar import ProgressBar
from vault.cli.sign_in_offer import offering
from vault.cli.terminal import emit_json, say, without_absent
from vault.credentials import audit
from vault.errors import ConfigError, NotFound
from vault.migrate import edit_plan, new_profiles, own_command, sso_names, sso_profiles, undo
from vault.migrate.sso_names import AssignedRole, NameTemplate
from vault.migrate.sso_profiles import SignInProfiles
from vault.profiles import aws_files
from vault.records import NamedTuple
from vault.signin import assigned, sealed, target
from vault.store import vault
from vault.text import command, safe
from vault.unlocking.key_access import open_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from vault.aws.sso_lists import SsoAccount
    from vault.context import Context
    from vault.migrate.edit_plan import EditPlan
    from vault.signin.assigned import Assigned
    from vault.signin.target import SignInTarget
    from vault.unlocking.keys import Keys


_NAMED = 8  # names in a hint


class SignInOptions(NamedTuple):
    """The command line. ``session`` names an sso-session or a profile; the patterns are of account names, IDs, and roles."""

    session: str
    name: str | None
    accounts: tuple[str, ...]
    roles: tuple[str, ...]
    region: str | None
    prune: bool
    dry_run: bool
    whole: bool
    as_json: bool
    yes: bool

    def wants_account(self, account: SsoAccount) -> bool:
        """Whether a pattern matches the account's ID or name, or the name as profiles have it."""
        names = (account.account_id, account.name, sso_names.cleaned(account.name))
        return not self.accounts or any(fnmatchcase(name, each) for name in names for each in self.accounts)

    def wants_role(self, role: str) -> bool:
        """Whether a pattern matches the role's name."""
        return not self.roles or any(fnmatchcase(role, each) for each in self.roles)


def run(context: Context, options: SignInOptions) -> None:
    """Write the profiles. At a terminal, offer a sign-in that is missing."""
    offering(context, lambda context: _run(context, options))


def _run(context: Context, options: SignInOptions) -> None:
    config = aws_files.load(context.env, home=context.paths.home)
    at = target.of_name(context, config, options.session)
    assigned.check_host(at)
    template = NameTemplate(options.name or sso_names.DEFAULT, session=at.place.name)
    region = new_profiles.check_region(options.region) if options.region is not None else None
    words = own_command.program_words(context.env)
    if not sealed.any_file(context.paths) or not vault.exists(context.paths):
        raise assigned.signed_out(at, assigned.NOT_SIGNED_IN)
    keys = open_keys(context, purpose=f"to list the roles of {safe(at.place.name)}")
    try:
        entries = {entry.name for entry in keys.contents().entries}
        with ProgressBar(context.env, "accounts") as bar:
            found = assigned.listed(context, keys, at, wanted=options.wants_account, progress=bar.show)
        wish = SignInProfiles(
            at.place,
            sso_names.named(_chosen(found, options, at), template),
            words,
            entries.__contains__,
            region,
        )
        files = edit_plan.read(context.env, home=context.paths.home)
        plan = sso_profiles.planned(files, wish, gone=_gone(found), prune=options.prune)
        if region is not None and (doubt := new_profiles.region_doubt(region)) is not None:
            plan.warnings.append(doubt)
        _finish(context, options, keys, (files, plan), wish)
    finally:
        keys.close()


def undo_newest(context: Context, session: str, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Undo the newest ``setup --sso`` of this sign-in, also of one that the config file does not name any more."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
        session = target.of_name(context, config, session).place.name
    except (ConfigError, NotFound):
        pass
    change_view.undo_newest(context, kind=undo.of_sign_in(session), dry_run=dry_run, yes=yes, as_json=as_json)


def undo_hint(context: Context) -> str | None:
    """What to run if the user has a ``setup --sso`` to undo, and did not say so."""
    try:
        sessions = aws_files.load(context.env, home=context.paths.home).sso_sessions
    except ConfigError:
        return None
    name = next((each for each in sessions if undo.any_of(context, undo.of_sign_in(each))), None)
    return (
        f"to undo the last setup --sso: {command('setup --undo --sso', name)}" if name is not None else None
    )


def _chosen(found: Assigned, options: SignInOptions, at: SignInTarget) -> list[AssignedRole]:
    """The roles for which there will be profiles. Raises NotFound if a pattern was given and none matches."""
    roles = [
        AssignedRole(account, role)
        for account in found.accounts
        for role in found.roles.get(account.account_id, ())
        if options.wants_role(role)
    ]
    if not roles and (options.accounts or options.roles):
        raise NotFound(
            f"no role of {safe(at.place.name)} matches --account and --role", hint=_to_choose_from(found)
        )
    return roles


def _to_choose_from(found: Assigned) -> str:
    """The names that the patterns have to match: of roles, if the accounts were matched, and otherwise of accounts."""
    roles = {role for each in found.roles.values() for role in each}
    what, names = ("roles", roles) if roles else ("accounts", {each.name for each in found.accounts})
    first = ", ".join(safe(name) for name in sorted(names)[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"a pattern matches a whole name ('dev*'); the {what}: {first}{more}"
        if names
        else "ask for a role in an account"
    )


def _gone(found: Assigned) -> Callable[[str, str], bool]:
    """Whether the sign-in has no such role. An account whose roles were not listed keeps its profiles."""
    known = {account.account_id for account in found.accounts}

    def gone(account_id: str, role: str) -> bool:
        if account_id not in known:
            return bool(account_id)
        return account_id in found.roles and role not in found.roles[account_id]

    return gone


def _finish(
    context: Context,
    options: SignInOptions,
    keys: Keys,
    planned: tuple[edit_plan.Files, EditPlan],
    wish: SignInProfiles,
) -> None:
    """Show the changes, make them after the user confirms, and log them."""
    files, plan = planned
    changes, name = plan.changes(files), wish.place.name
    if not options.as_json:
        _tell(plan)
        if not changes:
            say(f"Nothing to change: {_count(len(wish.roles))} of {safe(name)}.")
            return
        change_view.show_summary(changes, known=files.merged.profiles, whole=options.whole)
    if changes and not options.dry_run:
        change_view.carry_out(context, changes, kind=undo.of_sign_in(name), yes=options.yes)
        audit.log_profiles(context, keys, wish.place)
    if options.as_json:
        emit_json(_json(options, wish, plan, changes, known=files.merged.profiles))
    elif not options.dry_run:
        say(
            f"Set up: {_count(len(wish.roles))} of {safe(name)}. To undo: {command('setup --undo --sso', name)}"
        )
        if _lack_region(context, wish, known=files.merged.profiles):
            say(
                f"New profiles have no region, and most tools need one. To add it: {command('setup --sso', name)} --region REGION"
            )


def _lack_region(context: Context, wish: SignInProfiles, *, known: Collection[str]) -> bool:
    """Whether tools will find no region for a profile that was written now."""
    elsewhere = any(context.env.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    return wish.region is None and not elsewhere and any(name not in known for name in wish.roles)


def _count(profiles: int) -> str:
    return "1 profile" if profiles == 1 else f"{profiles} profiles"


def _tell(plan: EditPlan) -> None:
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    for left in plan.skipped:
        say(f"Not changed: {named(left)}")


def _json(
    options: SignInOptions,
    wish: SignInProfiles,
    plan: EditPlan,
    changes: Sequence[undo.Change],
    *,
    known: Collection[str],
) -> dict[str, object]:
    shared = change_view.as_json(
        changes,
        known=known,
        skipped=plan.skipped,
        warnings=plan.warnings,
        applied=bool(changes) and not options.dry_run,
    )
    place = wish.place
    return without_absent(
        {"session": place.session, "start_url": place.start_url, "roles": len(wish.roles), **shared}
    )
