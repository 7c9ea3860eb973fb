"""What a sign-in to IAM Identity Center may use: its accounts and their roles, complete or an error; and its end, logout.

Names are as AWS gives them: escape account names before they are shown or written.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from vault import errors, limits
from vault.aws import sso_call
from vault.aws.connections import ConnectionPool
from vault.aws.sso_call import wrong_answer
from vault.profiles.values import is_account
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable
    from typing import Any

    from vault.aws.request_pace import RequestPace
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.secret import Secret
    from vault.system.clock import Deadline

UNTRUSTED_REASON = "it would receive the access token of your sign-in"


class _List(NamedTuple):
    """A list of the portal: its operation, its path, and the field with the rows."""

    operation: str
    path: str
    field: str

    @property
    def what(self) -> str:
        return _what(self.operation)


_ACCOUNTS = _List("ListAccounts", "/assignment/accounts", "accountList")
_ROLES = _List("ListAccountRoles", "/assignment/roles", "roleList")
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # IAM's own names


class SsoAccount(NamedTuple):
    """An account in which the user has a role."""

    account_id: str
    name: str
    email: str


def list_accounts(
    portal: ServiceEndpoint, token: Secret, *, pace: RequestPace, deadline: Deadline
) -> tuple[SsoAccount, ...]:
    """All accounts, in AWS's order. Refused with code SignedOut if the token is no longer valid; Unreachable, Untrusted."""
    rows = _rows(_ACCOUNTS, {}, portal, token, pace=pace, deadline=deadline)
    found: dict[str, SsoAccount] = {}
    for row in rows:
        account = row.get("accountId")
        texts = [row.get(name, "") for name in ("accountName", "emailAddress")]
        if not is_account(account) or not all(
            isinstance(each, str) and len(each) <= limits.MAX_SSO_NAME for each in texts
        ):
            raise wrong_answer(_ACCOUNTS.what, "answered without a valid account")
        found.setdefault(str(account), SsoAccount(str(account), *texts))
    return tuple(found.values())


def list_roles(
    portal: ServiceEndpoint, token: Secret, account_id: str, *, pace: RequestPace, deadline: Deadline
) -> tuple[str, ...]:
    """The names of all roles in an account, in AWS's order. Errors as of ``list_accounts``."""
    rows = _rows(_ROLES, {"account_id": account_id}, portal, token, pace=pace, deadline=deadline)
    found: dict[str, None] = {}
    for row in rows:
        name = row.get("roleName")
        if (
            not isinstance(name, str)
            or not _ROLE.fullmatch(name)
            or row.get("accountId", account_id) != account_id
        ):
            raise wrong_answer(_ROLES.what, "answered without a valid role")
        found[name] = None
    return tuple(found)


def roles_of_all(
    portal: ServiceEndpoint,
    token: Secret,
    account_ids: Iterable[str],
    *,
    pace: RequestPace,
    deadline: Deadline,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, tuple[str, ...]]:
    """The roles of each account, over several connections. ``progress`` gets the number of accounts done so far.

    The first error ends it: there is no incomplete answer. Errors as of ``list_accounts``. Ctrl-C does not wait for a call.
    """
    from collections import deque
    from queue import SimpleQueue
    from threading import Thread

    asked = tuple(dict.fromkeys(account_ids))
    waiting = deque(asked)
    answers: SimpleQueue[tuple[str, tuple[str, ...]] | Exception] = SimpleQueue()

    def work() -> None:
        pool = ConnectionPool()
        to = portal._replace(pool=pool)
        try:
            while account := _next(waiting):
                answers.put((account, list_roles(to, token, account, pace=pace, deadline=deadline)))
        except Exception as error:  # noqa: BLE001  # the caller's thread raises it
            answers.put(error)
        finally:
            pool.close()

    found: dict[str, tuple[str, ...]] = {}
    try:
        for _ in asked[: limits.SSO_THREADS]:
            Thread(target=work, daemon=True).start()  # the end of the process does not wait for it
        while len(found) < len(asked):
            answer = answers.get()
            if isinstance(answer, Exception):
                raise answer
            found[answer[0]] = answer[1]
            progress(len(found))
    finally:
        waiting.clear()
    return {account: found[account] for account in asked}


def _next(waiting: deque[str]) -> str | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def logout(portal: ServiceEndpoint, token: Secret, *, deadline: Deadline) -> bool:
    """End the sign-in at AWS, with all its tokens. Role sessions that it gave stay valid. False if the token is no longer valid."""
    reply = sso_call.send(
        portal, "/logout", method="POST", headers=_headers(token), body=b"", deadline=deadline,
        untrusted=UNTRUSTED_REASON, what=_what("Logout"), empty=True,
    )  # fmt: skip
    if reply.status not in (200, 401):
        raise _refused(reply, "Logout")
    return reply.status == 200


def _rows(
    listed: _List,
    given: dict[str, str],
    portal: ServiceEndpoint,
    token: Secret,
    *,
    pace: RequestPace,
    deadline: Deadline,
) -> list[dict[str, Any]]:
    """The rows of all pages."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    asked = {"max_result": str(limits.SSO_PAGE), **given}
    while len(seen) < limits.MAX_SSO_PAGES:

        def send() -> sso_call.JsonReply:
            return sso_call.send(
                portal, listed.path, method="GET", query=urlencode(asked), headers=_headers(token), deadline=deadline,
                untrusted=UNTRUSTED_REASON, what=listed.what,
            )  # fmt: skip

        reply = pace.call(send, deadline=deadline)
        if reply.status != 200:
            raise _refused(reply, listed.operation)
        page, following = reply.fields.get(listed.field), reply.fields.get("nextToken")
        if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
            raise wrong_answer(listed.what, f"answered without a valid {listed.field}")
        rows += page
        if following is None or following == "":
            return rows
        if not isinstance(following, str) or following in seen:
            break
        seen.add(following)
        asked["next_token"] = following
    raise wrong_answer(listed.what, "answered with a list that has no end")


def _headers(token: Secret) -> dict[str, str]:
    return {"x-amz-sso_bearer_token": token.reveal_text()}


def _refused(reply: sso_call.JsonReply, operation: str) -> errors.Refused:
    if reply.status == 401:
        return errors.Refused(
            f"{_what(operation)}: AWS no longer accepts the sign-in", hint="sign in again", code="SignedOut"
        )
    said = reply.fields.get("message")
    return errors.Refused(
        f"IAM Identity Center refused {operation}: {reply.status}{f': {safe(said)}' if isinstance(said, str) else ''}",
        hint="sign in again",
        code=safe(reply.error, limit=80) or str(reply.status),
    )


def _what(operation: str) -> str:
    return f"IAM Identity Center: {operation}"
