"""The answers of a worker that need the opened vault. Run in a fork of the agent, whose memory ends with it."""

from __future__ import annotations

from vault import errors, limits
from vault.agent import protocol
from vault.crypto.seal import b64u
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import Deadline, SystemClock
from vault.unlocking.keys import CodeWait, OpenedKeys
from vault.unlocking.seen_generations import SeenGenerations, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.agent.key_page import KeyPage
    from vault.agent.protocol import AgentRequest
    from vault.agent.state import AgentState
    from vault.agent.worker import Answerer
    from vault.mfa.ledger import Code
    from vault.system.paths import Paths

# Classes that vault/unlocking/agent_keys knows besides those of vault/errors.
_OTHER_KINDS = ("NoCodeInTime", "UsedCode", "KeysChanged")


def answerer(paths: Paths, page: KeyPage, state: AgentState) -> Answerer:
    """Returns the function that answers a worker's requests. Opens the vault for the first one; it stays open until the
    worker ends.
    """
    opened: list[OpenedKeys] = []

    def answer(request: AgentRequest, say: Callable[[bytes], None]) -> bytes:
        try:
            if not opened:
                opened.append(_open(paths, page, state))
            return _ANSWERS[request.op](opened[0], request.fields, say)
        except errors.Error as error:
            wait = int(getattr(error, "wait", 0) * 1000)
            return protocol.refusal(
                "failed", kind=_kind(error), message=error.message, hint=error.hint, wait=wait
            )

    return answer


def _kind(error: errors.Error) -> str:
    """The name under which the client knows the error's class, or the nearest base class that it knows."""
    names = (one.__name__ for one in type(error).__mro__)
    return next(name for name in names if name in _OTHER_KINDS or hasattr(errors, name))


def _open(paths: Paths, page: KeyPage, state: AgentState) -> OpenedKeys:
    opened = vault.open_with_main_key(paths, Secret(bytes(page.view("main"))))
    # The state is that of the fork's start, before the vault was read.
    check(SeenGenerations(state.vault, tuple(state.seen)), opened, path=paths.vault)
    strict = Secret(bytes(page.view("strict"))) if page.has("strict") else None
    return OpenedKeys(opened, paths=paths, clock=SystemClock(), strict=strict)


def _has_entry(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    return protocol.answer(found=keys.has_entry(fields["name"]))


def _list(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    found = keys.contents()
    shut = ({"strict": serial} for serial in sorted(found.strict))
    rows = [*map(list, found.entries), *sorted(found.stored), *shut]
    return protocol.answer(rows=protocol.page(rows, fields["first"]), total=len(rows))


def _get_entry(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    found = keys.entry(fields["name"])
    if found is None:
        return protocol.answer(found=False)
    return protocol.answer(
        found=True,
        akid=found.credentials.access_key_id,
        sak=found.credentials.secret.reveal_text(),
        mfa_serial=found.mfa_serial,
        user=found.user,
        account=found.account,
    )


def _sso_key(keys: OpenedKeys, _fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    found = keys.sso_key()
    return (
        protocol.answer(found=False)
        if found is None
        else protocol.answer(found=True, key=b64u(found.reveal()))
    )


def _totp(keys: OpenedKeys, fields: dict[str, Any], say: Callable[[bytes], None]) -> bytes:
    most = fields["most"] / 1000
    wait = CodeWait(
        Deadline.after(min(most + limits.CODE_MARGIN + 1.0, limits.DEADLINE)),
        most,
        skew=fields["skew"] / 1000,
        after=fields["after"] or None,
        waiting=lambda left: say(protocol.answer(waiting=int(left))),
    )
    code = keys.take_code(fields["serial"], wait)
    return protocol.answer(found=False) if code is None else _coded(code)


def _note_code(keys: OpenedKeys, fields: dict[str, Any], _say: Callable[[bytes], None]) -> bytes:
    return _coded(
        keys.note_code(fields["serial"], fields["code"], deadline=Deadline.after(fields["within"] / 1000))
    )


def _coded(code: Code) -> bytes:
    return protocol.answer(found=True, text=code.text, step=code.step, ends=int(code.ends * 1000))


_ANSWERS = {
    "HAS_ENTRY": _has_entry,
    "LIST": _list,
    "GET_ENTRY": _get_entry,
    "SSO_KEY": _sso_key,
    "TOTP": _totp,
    "NOTE_CODE": _note_code,
}
