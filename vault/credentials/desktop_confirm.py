"""The confirmation of awsvault_confirm at the desktop, where an SDK or a coding agent asks: what the question says, and for how
long a yes holds.

The agent remembers a yes; without an agent it holds once. Prints nothing.
"""

from __future__ import annotations

import contextlib
import sys

from vault import errors, limits
from vault.credentials.asking_program import AskingProgram, plain
from vault.credentials.shared_answer import GivenAnswer, shared_answer
from vault.desktop import desktop_question
from vault.desktop.desktop_question import DesktopQuestion
from vault.records import NamedTuple
from vault.system.files import Folder
from vault.system.prompts import NoAnswer
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.chain import Chain
    from vault.system.clock import Deadline

WAYS = ("notification", "pinentry")  # values of the setting prompt that allow a question at the desktop
ONCE, MINUTES, PROGRAM, SESSION, DENY = "once", "minutes", "program", "session", "deny"
_LABELS = {
    ONCE: "Allow once",
    MINUTES: f"Allow all for {limits.CONFIRM_TIME // 60} minutes",
    PROGRAM: "Allow this program",
    SESSION: "Allow until locked",
    DENY: "Deny",
}
DENIED = "you denied it"
_MARK = "confirm.shown"


class ConfirmedUse(NamedTuple):
    """What is confirmed: ``what`` identifies it (guardrails.subject); the rest is for the question."""

    what: str
    chain: Chain
    setting: str  # the value of awsvault_confirm
    region: str
    lifted: bool  # --write lifts awsvault_read_only
    asker: AskingProgram


class DesktopAnswer(NamedTuple):
    """``refused``: why not, or empty for a yes. ``remember``: it holds until the agent locks, for every program."""

    refused: str = ""
    remember: bool = False


def desktop_confirm(context: Context, use: ConfirmedUse) -> DesktopAnswer:
    """Ask at the desktop, unless an earlier yes still holds. Errors: StorageError."""
    memory = _Memory(context, use)
    if memory.holds():
        return DesktopAnswer()
    scopes: list[str] = []

    def ask(deadline: Deadline) -> GivenAnswer:
        if memory.holds():  # another process has asked meanwhile
            return GivenAnswer(yes=True)
        allowed = [SESSION, ONCE, PROGRAM, MINUTES] if use.setting == "session" else [ONCE, PROGRAM, MINUTES]
        if not memory.there:
            allowed = [ONCE]
        elif not use.asker.tree:
            allowed.remove(PROGRAM)
        found, pressed = _asked(context, use, allowed, deadline)
        if found.yes:
            memory.remember(pressed)
            scopes.append(pressed)
        return found

    answer = shared_answer(context, f"{use.what}\0{use.asker.tree}", ask=ask)
    return DesktopAnswer("" if answer.yes else answer.why or DENIED, remember=SESSION in scopes)


def _asked(
    context: Context, use: ConfirmedUse, allowed: list[str], deadline: Deadline
) -> tuple[GivenAnswer, str]:
    """The answer, and what a yes holds for."""
    yes = context.settings.confirm_for
    yes = yes if yes in allowed else allowed[0]
    order = [yes, DENY, *(scope for scope in allowed if scope != yes)]
    question = DesktopQuestion(
        title=_plain(f"Use {use.chain.subject}?"),
        text="\n".join(_lines(use)),
        buttons=tuple((key, _LABELS[key]) for key in order),
        yes=yes,
        no=DENY,
    )
    seconds = round(deadline.remaining())
    try:
        pressed = _by(context, question, deadline)
    except NoAnswer as reason:
        late = reason.reason == "timeout" and deadline.expired
        return GivenAnswer(
            yes=False, why=f"nobody answered within {seconds} s" if late else reason.message
        ), DENY
    return (GivenAnswer(yes=False, why=DENIED) if pressed == DENY else GivenAnswer(yes=True)), pressed


def _by(context: Context, question: DesktopQuestion, deadline: Deadline) -> str:
    if context.settings.prompt == "notification":
        return desktop_question.by_notification(
            question, env=context.env, deadline=deadline, mark=_ShownMark(context)
        )
    env = context.env
    if sys.platform != "darwin" and not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
        raise NoAnswer("impossible", "there is no display for pinentry")
    program = context.interaction.pinentry
    return desktop_question.by_pinentry(question, program=program, env=env, deadline=deadline)


def _lines(use: ConfirmedUse) -> list[str]:
    """The text of the question. Whatever comes from a file or a process is escaped."""
    chain = use.chain
    found = []
    if chain.hops:
        arn = chain.hops[-1].role_arn
        found += [
            f"Role: {_plain(arn)}",
            f"Account: {_plain(arn.split(':')[4] if arn.count(':') > 4 else '')}",
        ]
        if chain.by_arn:
            found.append(f"With profile: {_plain(chain.path[1])}")
    else:
        found.append(f"Source: {_plain(chain.source_profile)}, without a role")
    found.append(f"Region: {_plain(use.region)}")
    if chain.guardrails.environment:
        found.append(f"Environment: {_plain(chain.guardrails.environment)}")
    if chain.guardrails.policy is not None:
        found.append(f"Limited by: {_plain(', '.join(chain.guardrails.policy.places))}")
    if use.lifted:
        found.append("With write access, although it is set to read-only")
    return found + use.asker.lines()


def _plain(text: str) -> str:
    """``text`` without control characters, and without what a notification or a window could take for markup."""
    return "".join(plain(c) if c in "<>&" else c for c in safe(text))


class _ShownMark:
    """A file that says which notification is shown. If its process was killed, the next one takes the notification away."""

    def __init__(self, context: Context) -> None:
        self._state = context.paths.state

    def read(self) -> str:
        try:
            with Folder.open(self._state) as state:
                return state.read(_MARK, limit=limits.CONFIRM_MARK).decode("ascii", "replace")
        except (OSError, errors.Error):
            return ""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, errors.Error), Folder.open(self._state, create=True) as state:
            state.write_atomic(_MARK, text.encode("ascii", "replace"), durable=False)


class _Memory:
    """What the agent remembers of earlier answers. ``there``: whether there is an unlocked agent."""

    def __init__(self, context: Context, use: ConfirmedUse) -> None:
        self._context = context
        self._keys = {MINUTES: f"{use.what}\0minutes"}
        if use.asker.tree:
            self._keys[PROGRAM] = f"{use.what}\0program {use.asker.tree}"
        if use.setting == "session":
            self._keys[SESSION] = use.what
        self.there = False

    def holds(self) -> bool:
        """Whether an earlier yes holds for this use."""
        agent = self._context.agent
        for key in self._keys.values():
            answer = agent.ask("CONFIRMED", what=key) if agent.serving() is not None else None
            self.there = bool(answer and answer["ok"])
            if not self.there or answer is None:
                return False
            if answer.get("confirmed"):
                return True
        return False

    def remember(self, scope: str) -> None:
        """Remember a yes for what the user chose. An agent of an older version does not know the request with a time: the yes
        then holds once.
        """
        agent = self._context.agent
        if scope == MINUTES:
            agent.ask("CONFIRM_FOR", what=self._keys[scope], seconds=limits.CONFIRM_TIME)
        elif scope in self._keys:
            agent.ask("CONFIRM", what=self._keys[scope])
