"""The agent's answer to each request. Takes values, returns the parts of a frame; no sockets.

Parts are sent one after the other and never joined: some are the very memory that has a key or a session.
"""

from __future__ import annotations

from vault.agent import protocol
from vault.agent.protocol import AgentRequest, BadFrame, Export, Put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.agent.key_page import KeyPage
    from vault.agent.session_cache import CachedAnswer, SessionCache
    from vault.agent.state import AgentClock, AgentState

    Parts = tuple[bytes | bytearray | memoryview, ...]

_WHILE_LOCKED = frozenset(
    {"HELLO", "STATUS", "LOCK", "SLEEP", "SHUTDOWN"}
)  # the others need an unlocked vault


class Answers:
    """Answers all requests but those of workers. ``about`` is added to HELLO and STATUS (version, process ID, vault's
    file).

    SHUTDOWN sets ``stop``. ``barred``: whether the user's ``lock`` is recorded outside this process, which may have
    been started later.
    """

    def __init__(
        self,
        *,
        state: AgentState,
        page: KeyPage,
        sessions: SessionCache,
        clock: AgentClock,
        about: dict[str, Any],
        barred: Callable[[], bool],
    ) -> None:
        self._state = state
        self._page = page
        self._sessions = sessions
        self._clock = clock
        self._about = about
        self._barred = barred
        self.stop = False

    def locked(self, key: str) -> str:
        """Why ``key`` cannot be used now, or "" if it can."""
        if not self._state.check():
            return self._state.why
        return "" if self._page.has(key) else "locked"

    def export(self, request: Export) -> tuple[Parts, CachedAnswer | None]:
        """The answer to a warm export, and its session. The JSON as it is printed, after REFRESH for the one client
        that should refresh the session; or MISS.

        An exec also gets the profile metadata after the JSON, and MISS if there is none.
        """
        found = self._sessions.find(request.key, now=self._clock.time()) if self._state.check() else None
        line = found.body.find(b"\n") + 1 if found is not None else 0
        if found is None or (request.program and line == len(found.body)):
            return (protocol.frame(protocol.MISS),), None
        self._state.used()
        mark = protocol.REFRESH if found.refresh else b""
        shown = memoryview(found.body)[: None if request.program else line]
        size = len(mark) + len(shown)
        return (size.to_bytes(protocol.LENGTH, "big") + mark, shown), found

    def cache_key(self) -> Parts:
        """The cache key."""
        why = self.locked("cache")
        if why:
            return (protocol.refusal(why),)
        self._state.used()
        vault_id = bytes.fromhex(self._state.vault)
        head = (1 + protocol.KEY + len(vault_id)).to_bytes(protocol.LENGTH, "big") + protocol.CACHE_KEY
        return head, self._page.view("cache"), vault_id

    def to(self, request: AgentRequest) -> bytes:  # noqa: C901, PLR0912  # one case per op
        """The answer to a request that consists of one frame and needs no worker."""
        fields = request.fields
        if not self._state.check() and request.op not in _WHILE_LOCKED:
            return protocol.refusal(self._state.why)
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
                return protocol.answer(noted=self._state.note(**fields))
            case "PIN":  # from older clients, without a MAC: any process could claim it
                return protocol.answer(noted=False)
            case "CONFIRM":
                return protocol.answer(kept=self._state.agree(fields["what"]))
            case "CONFIRM_FOR":
                return protocol.answer(kept=self._state.agree(fields["what"], seconds=fields["seconds"]))
            case "CONFIRMED":
                return protocol.answer(confirmed=self._state.agreed(fields["what"]))
            case "LOG":
                self._state.before_change()
                return protocol.answer()
            case "LOCK":
                self._state.lock(hold=fields["hold"])
                return protocol.answer()
            case "SLEEP":
                self._state.sleeping()
                return protocol.answer()
            case "SHUTDOWN":
                self.stop = True
                return protocol.answer()
            case _:
                raise BadFrame

    def _hello(self) -> bytes:
        return protocol.answer(
            v=protocol.VERSION,
            why=self._state.why,
            vault=self._state.vault,
            pin=None,  # for older clients, which would trust it without a MAC
            seen=self._state.seen,
            main=self._page.has("main"),
            strict=self._page.has("strict"),
            **self._about,
        )

    def _status(self, first: int) -> bytes:
        rows = [row._asdict() for row in self._sessions.rows(now=self._clock.time())]
        idle, hard = self._state.left()
        return protocol.answer(
            why=self._state.why,
            vault=self._state.vault,
            opened=self._state.opened,
            idle_left=int(idle),
            hard_left=int(hard),
            strict_left=int(self._state.strict_left),
            warnings=self._page.warnings,
            hidden=self._page.hidden,
            sessions=protocol.page(rows, first),
            total=len(rows),
            **self._about,
        )

    def unlock(self, fields: dict[str, Any]) -> bytes:
        """Take the keys in the staging area, or clear them and refuse."""
        keys = tuple(fields["keys"])
        why = self._state.why if not self._state.check() else ""
        if not fields["person"] and self._barred():
            why = "held"
        if (why == "held" and not fields["person"]) or (why and keys == ("strict",)):
            self._page.clear_staging()
            return protocol.refusal(why)
        self._state.before_change()
        self._page.take(keys)
        self._state.unlock(
            vault=fields["vault"],
            idle=fields["idle"],
            hard=fields["hard"],
            strict=fields["strict"],
            sleep=fields["sleep"],
            keys=keys,
        )
        return protocol.answer(warnings=self._page.warnings)

    def put(self, request: Put, body: bytearray) -> bytes:
        """Keep a session. BadFrame unless it is one line of JSON, and at most one line of profile metadata."""
        if body[:1] != b"{" or body[-1:] != b"\n" or body.count(b"\n") > 2:  # at most two lines
            raise BadFrame
        if not self._state.check():
            body[:] = bytes(len(body))
            return protocol.refusal(self._state.why)
        kept = self._sessions.put(
            request.key, body, issued=request.issued, expires=request.expires, now=self._clock.time()
        )
        return protocol.frame(protocol.KEPT if kept else protocol.NOT_KEPT)
