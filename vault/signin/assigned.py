"""The accounts and roles that a stored sign-in gives: all of them or an error, with an access token that is refreshed.

Prints nothing.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import sso_lists
from vault.aws.request_pace import RequestPace
from vault.records import NamedTuple
from vault.signin import sealed
from vault.signin.key import stored
from vault.signin.tokens import Refresher
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.sso_lists import SsoAccount
    from vault.context import Context
    from vault.secret import Secret
    from vault.signin.target import SignInTarget
    from vault.system.clock import Deadline
    from vault.unlocking.keys import Keys

    Wanted = Callable[[SsoAccount], bool]
    Progress = Callable[[int, int], None]


NOT_SIGNED_IN = "you are not signed in on this machine"


class Assigned(NamedTuple):
    """All accounts of a sign-in, in AWS's order, and the names of the roles in each account whose roles were listed."""

    accounts: tuple[SsoAccount, ...]
    roles: dict[str, tuple[str, ...]]


def check_host(target: SignInTarget) -> None:
    """Untrusted if the access token would go to a host that is neither AWS's own nor trusted: before any prompt."""
    target.portal.trusted(sso_lists.UNTRUSTED_REASON)


def signed_out(target: SignInTarget, why: str) -> errors.NotSignedIn:
    """The error without a valid sign-in."""
    return errors.NotSignedIn(
        f"{target.origin}: {safe(target.place.name)}: {why}", hint=_hint(target), sign_in=target.name
    )


def listed(
    context: Context, keys: Keys, target: SignInTarget, *, wanted: Wanted, progress: Progress
) -> Assigned:
    """All accounts, and the roles in those ``wanted``. ``progress`` gets how many of them are done, and how many there are.

    Errors: NotSignedIn, Refused, Unreachable, Untrusted, StorageError. There is no incomplete answer.
    """
    sign_ins = stored(context, keys) if sealed.any_file(context.paths) else None
    if sign_ins is None:
        raise signed_out(target, NOT_SIGNED_IN)
    context, pace = context.with_deadline(limits.SSO_LISTS), RequestPace(limits.SSO_RATE)

    def lists(token: Secret) -> Assigned:
        return _lists(target, token, pace=pace, deadline=context.deadline, wanted=wanted, progress=progress)

    def refresher() -> Refresher:
        deadline = context.deadline.at_most(limits.DEADLINE)
        found = Refresher(sign_ins, target.place, target.oidc, deadline=deadline)
        return found.saying(lambda why: signed_out(target, why))

    with sign_ins:
        try:
            token = refresher().current()
            if token is None:
                raise signed_out(target, NOT_SIGNED_IN)
            try:
                return lists(token)
            except errors.Refused as error:
                another = refresher().after(token) if error.code == "SignedOut" else None
                if another is None:
                    raise
            return lists(another)
        except errors.NotSignedIn:
            raise
        except errors.Refused as error:
            if error.code == "SignedOut":
                raise signed_out(target, "AWS no longer accepts the sign-in") from None
            error.hint = _hint(target)
            raise


def _lists(
    target: SignInTarget,
    token: Secret,
    *,
    pace: RequestPace,
    deadline: Deadline,
    wanted: Wanted,
    progress: Progress,
) -> Assigned:
    accounts = sso_lists.list_accounts(target.portal, token, pace=pace, deadline=deadline)
    chosen = [account.account_id for account in accounts if wanted(account)]
    progress(0, len(chosen))
    roles = sso_lists.roles_of_all(
        target.portal,
        token,
        chosen,
        pace=pace,
        deadline=deadline,
        progress=lambda done: progress(done, len(chosen)),
    )
    return Assigned(accounts, roles)


def _hint(target: SignInTarget) -> str:
    return f"run: {command('sso login', target.name)}"
