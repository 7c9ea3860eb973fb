"""What the agent answers to each request. Values in, the parts of a frame out; no sockets.

Parts are sent one after the other and never joined: some are the very memory that holds a key or a session.
"""

from __future__ import annotations

from typing import Any

from vault.agent import protocol
from vault.agent.protocol import AgentRequest, BadFrame, Export, Put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.agent.locked_page import KeyPage
    from vault.agent.state import AgentClock, AgentState
    from vault.agent.warm_sessions import WarmAnswer, WarmSessions

    Parts = tuple[bytes | bytearray | memoryview, ...]

_WHILE_LOCKED = frozenset({"HELLO", "STATUS", "LOCK", "SLEEP", "SHUTDOWN"})  # the rest needs an open vault


class Answers:
    """``about`` is what HELLO and STATUS add (version, process id, vault's file). ``stop`` is set by SHUTDOWN.

    ``barred``: whether a lock made by hand is noted outside this process, which may have begun after it.
    """

    def __init__(
        self,
        *,
        hold: AgentState,
        page: KeyPage,
        sessions: WarmSessions,
        clock: AgentClock,
        about: dict[str, Any],
        barred: Callable[[], bool],
    ) -> None:
        self._hold = hold
        self._page = page
        self._sessions = sessions
        self._clock = clock
        self._about = about
        self._barred = barred
        self.stop = False

    def locked(self, key: str) -> str:
        """Why ``key`` cannot be used now, or "" where it can."""
        if not self._hold.check():
            return self._hold.why
        return "" if self._page.has(key) else "locked"

    def export(self, request: Export) -> tuple[Parts, WarmAnswer | None]:
        """The session's JSON as it is printed, after RENEW for the one that is to renew it; or MISS. And what was found.

        An exec gets the terms behind the JSON too, and MISS where there are none.
        """
        found = self._sessions.find(request.key, now=self._clock.time()) if self._hold.check() else None
        line = found.body.find(b"\n") + 1 if found is not None else 0
        if found is None or (request.program and line == len(found.body)):
            return (protocol.frame(protocol.MISS),), None
        self._hold.used()
        mark = protocol.RENEW if found.renew else b""
        shown = memoryview(found.body)[: None if request.program else line]
        size = len(mark) + len(shown)
        return (size.to_bytes(protocol.LENGTH, "big") + mark, shown), found

    def cache_key(self) -> Parts:
        """The key of the session cache."""
        why = self.locked("cache")
        if why:
            return (protocol.refusal(why),)
        self._hold.used()
        vault_id = bytes.fromhex(self._hold.vault)
        head = (1 + protocol.KEY + len(vault_id)).to_bytes(protocol.LENGTH, "big") + protocol.CACHE_KEY
        return head, self._page.view("cache"), vault_id

    def to(self, request: AgentRequest) -> bytes:  # noqa: C901, PLR0912  # one case an op
        """The answer to a request that is one frame and needs no fork."""
        fields = request.fields
        if not self._hold.check() and request.op not in _WHILE_LOCKED:
            return protocol.refusal(self._hold.why)
        match request.op:
            case "HELLO":
                return self._hello()
            case "STATUS":
                return self._status(fields["first"])
            case "ENDS":
                return protocol.answer(ends=self._sessions.ends(fields["profile"], now=self._clock.time()))
            case "DROP_SESSIONS":
                return protocol.answer(dropped=self._sessions.drop(fields["profile"]))
            case "SEEN":
                return protocol.answer(noted=self._hold.note(**fields))
            case "PIN":  # of an older client, without a MAC: anybody could say so
                return protocol.answer(noted=False)
            case "CONFIRM":
                return protocol.answer(kept=self._hold.agree(fields["what"]))
            case "CONFIRMED":
                return protocol.answer(confirmed=self._hold.agreed(fields["what"]))
            case "LOG":
                self._hold.before_change()
                return protocol.answer()
            case "LOCK":
                self._hold.lock(hold=fields["hold"])
                return protocol.answer()
            case "SLEEP":
                self._hold.sleeping()
                return protocol.answer()
            case "SHUTDOWN":
                self.stop = True
                return protocol.answer()
            case _:
                raise BadFrame

    def _hello(self) -> bytes:
        return protocol.answer(
            v=protocol.VERSION,
            why=self._hold.why,
            vault=self._hold.vault,
            pin=None,  # for older clients, which would believe it without a MAC
            seen=self._hold.seen,
            main=self._page.has("main"),
            strict=self._page.has("strict"),
            **self._about,
        )

    def _status(self, first: int) -> bytes:
        rows = [row._asdict() for row in self._sessions.rows(now=self._clock.time())]
        idle, hard = self._hold.left()
        return protocol.answer(
            why=self._hold.why,
            vault=self._hold.vault,
            opened=self._hold.opened,
            idle_left=int(idle),
            hard_left=int(hard),
            strict_left=int(self._hold.strict_left),
            warnings=self._page.warnings,
            hidden=self._page.hidden,
            sessions=protocol.page(rows, first),
            total=len(rows),
            **self._about,
        )

    def unlock(self, fields: dict[str, Any]) -> bytes:
        """Keys stand in the staging area: take them, or clear them and refuse."""
        keys = tuple(fields["keys"])
        why = self._hold.why if not self._hold.check() else ""
        if not fields["person"] and self._barred():
            why = "held"
        if (why == "held" and not fields["person"]) or (why and keys == ("strict",)):
            self._page.clear_staging()
            return protocol.refusal(why)
        self._hold.before_change()
        self._page.take(keys)
        self._hold.unlock(
            vault=fields["vault"],
            idle=fields["idle"],
            hard=fields["hard"],
            strict=fields["strict"],
            sleep=fields["sleep"],
            keys=keys,
        )
        return protocol.answer(warnings=self._page.warnings)

    def put(self, request: Put, body: bytearray) -> bytes:
        """Keep a session; BadFrame where its JSON is not one line, with one line of terms at most."""
        if body[:1] != b"{" or body[-1:] != b"\n" or body.count(b"\n") > 2:  # the two lines
            raise BadFrame
        if not self._hold.check():
            body[:] = bytes(len(body))
            return protocol.refusal(self._hold.why)
        kept = self._sessions.put(
            request.key, body, issued=request.issued, expires=request.expires, now=self._clock.time()
        )
        return protocol.frame(protocol.KEPT if kept else protocol.NOT_KEPT)
