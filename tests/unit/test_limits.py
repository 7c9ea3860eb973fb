"""The limits: each is used, and those that depend on each other fit together."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from vault import limits

VAULT = Path(os.path.dirname(limits.__file__))
NAMES = sorted(name for name in vars(limits) if name.isupper())
# What a limit may not exceed, and why.
ORDERED = (
    ("DEADLINE", 60, "SDKs stop a credential_process after that"),
    ("TURN_WAIT", "DEADLINE", "those that waited still have to unlock"),
    ("LOCK_POLL_LAST", "LOCK_POLL_FIRST", "who waited longest tries most often"),
    ("LOCK_POLL_FIRST", "LOCK_POLL_MOST", "the pause grows"),
    ("PROMPT_TIME", "DEADLINE", "two calls follow the answer"),
    ("TOUCH_TIME", "PROMPT_TIME", "the passphrase can be typed instead"),
    ("CODE_WAIT", "DEADLINE", "a call follows the code"),
    ("CODE_MARGIN", "CODE_LEAST_LEFT", "a code that is shown can still be sent"),
    ("FLOOR", "MARGIN", "a session is refreshed before it is too short to be issued"),
    ("FLOOR_SHARE", 16, "the margin is a quarter"),
    ("SIGN_IN_FLOOR", "SIGN_IN_AHEAD", "a token is refreshed before it is too short to be sent"),
    ("SESSION_LEAST", "SESSION_DURATION", "the default is allowed"),
    ("SESSION_DURATION", "SESSION_MOST", "the default is allowed"),
    ("ROLE_LEAST", "ROLE_DURATION", "the default is allowed"),
    ("ROLE_DURATION", "ROLE_MOST", "the default is allowed"),
    ("SESSION_MOST", "MAX_TTL", "what AWS gives is cached"),
    ("KDF_MEMORY_LEAST", "KDF_MEMORY_MOST", "there is something to choose"),
    ("KDF_WORK_LEAST", "KDF_WORK_MOST", "there is something to choose"),
    ("PASSPHRASE_MOST", "MAX_PASSPHRASE_INPUT", "a whole passphrase is read"),
    ("MAX_SESSION_TOKEN", "MAX_ENTRY", "a session with the longest token is cached"),
    ("ENTRY_BLOCK", "MAX_ENTRY", "an entry has a block"),
    ("AGENT_CONNECT", "AGENT_ANSWER", "connecting is the first part of an answer"),
    ("AGENT_ANSWER", "AGENT_TALK", "a user waits longer than an export"),
    ("AGENT_IDLE", "AGENT_MAX", "the second limit is the last"),
    ("AGENT_ROWS", "AGENT_FRAME", "the rows fit into a frame"),
    ("AGENT_LOG_WAIT", "AGENT_TALK", "a lock ends before its user gives up"),
    ("AGENT_WORKER_TIME", "DEADLINE", "a worker ends with its client"),
    ("LOG_TEXT", "LOG_RECORD", "a record's text is sealed in it"),
    ("SERVER_UNCHECKED", "SERVER_CONNECTIONS", "there is room for the user's own"),
    ("EXPIRY_RED", "EXPIRY_YELLOW", "red comes after yellow"),
    ("CREATION_BEFORE", "CREATION_WINDOW", "a key is made after its journal"),
)


def test_each_limit_is_used():
    """One that nothing looks at protects nobody."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in VAULT.rglob("*.py") if path.name != "limits.py"
    )
    used = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text))
    assert len(NAMES) > 200
    assert [name for name in NAMES if name not in used] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_more_than_nothing(name):
    """A size, a count or a time; or a choice of words."""
    value = getattr(limits, name)
    assert value if isinstance(value, tuple) else value > 0


@pytest.mark.parametrize(("lower", "upper", "reason"), ORDERED)
def test_limits_that_depend_on_each_other(lower, upper, reason):
    """Anyone who changes one is told what the other is for."""
    most = getattr(limits, upper) if isinstance(upper, str) else upper
    assert getattr(limits, lower) <= most, reason


def test_a_rotation_has_time_for_its_proof():
    """All successful calls in a row, with their pauses, before it is given up."""
    assert limits.PROOFS * limits.PROOF_PAUSE < limits.PROOF_MOST < limits.ROTATION_MOST
