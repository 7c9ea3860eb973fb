"""Signing out: tells AWS to end the sign-in, and deletes it here. Roles' sessions that were issued live on at AWS."""

from __future__ import annotations

from contextlib import nullcontext

from vault import errors
from vault.aws import sso_lists
from vault.profiles import aws_files
from vault.records import NamedTuple
from vault.signin.target import of_place
from vault.signin.tokens import Refresher
from vault.system import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from vault.context import Context
    from vault.signin.record import SignInPlace
    from vault.signin.sealed import SignIns
    from vault.signin.target import SignInTarget
    from vault.system.clock import Deadline


class SignedOut(NamedTuple):
    """A sign-in that was deleted here. ``trouble``: why AWS could not be notified, None if the sign-in has ended there."""

    place: SignInPlace
    trouble: errors.Error | None = None


def sign_out(context: Context, sign_ins: SignIns, target: SignInTarget) -> SignedOut:
    """End the sign-in at AWS and delete it here, whatever AWS answers. Errors: StorageError, UnsafeFile."""
    deadline = context.new_deadline()
    trouble = _end_at_aws(sign_ins, target, deadline=deadline)
    with _lock(sign_ins, target.place, deadline=context.new_deadline()):
        sign_ins.remove(target.place)
    return SignedOut(target.place, trouble)


def sign_out_all(context: Context, sign_ins: SignIns) -> Iterator[SignedOut]:
    """Each sign-in that the key opens, ended like by ``sign_out``, whatever happens to the others. ConfigError, of AWS's files."""
    config = aws_files.load(context.env, home=context.paths.home)
    for found in sign_ins.all():
        try:
            ended = sign_out(context, sign_ins, of_place(context, config, found.place))
        except errors.Error as error:
            ended = SignedOut(found.place, error)
        yield ended


def _lock(sign_ins: SignIns, place: SignInPlace, *, deadline: Deadline) -> AbstractContextManager[object]:
    """The lock of the sign-in, or nothing if its holder hangs: AWS has ended what that process could still store."""
    try:
        return sign_ins.lock(place, deadline=deadline)
    except (locks.Busy, locks.LockUnavailable):
        return nullcontext()


def _end_at_aws(sign_ins: SignIns, target: SignInTarget, *, deadline: Deadline) -> errors.Error | None:
    refresher = Refresher(sign_ins, target.place, target.oidc, deadline=deadline)
    try:
        token = refresher.current()
        if token is None:
            return None
        if not sso_lists.logout(target.portal, token, deadline=deadline):
            another = refresher.after(token)  # the token has expired, but the sign-in may go on
            if another is not None:
                sso_lists.logout(target.portal, another, deadline=deadline)
    except errors.Refused as error:
        return None if error.code == "SignedOut" else error
    except errors.Error as error:
        return error
    return None
