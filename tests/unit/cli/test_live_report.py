"""What explain --live says before it calls AWS, and what doctor makes of its report."""

from __future__ import annotations

import pytest

from vault.cli import live_report
from vault.inspect.live_check import Cost, LinkResult, LiveReport
from vault.inspect.refusal_causes import Cause
from vault.inspect.refusal_side import Diagnosis
from vault.inspect.refused_call import RefusedCall
from vault.inspect.refused_link import LiveRefusal

ONE = Cause("duration", "role", "it is too long", "set a shorter one")
LINKS = (
    LinkResult("session-token", "MFA session of the key", result="passed"),
    LinkResult("assume-role", "role R", "R", "refused"),
)


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (Cost("dev", 2, 1, cached=False, provider=False), "Profile dev: calls STS 2 times, with 1 MFA code."),
        (
            Cost("dev", 1, 0, cached=True, provider=False),
            "calls STS once, with no MFA code; the MFA session comes from the cache (if AWS no longer accepts it: STS 2 times more, with no MFA code).",
        ),
        (
            Cost("dev", 1, 0, cached=True, provider=False, again_codes=1),
            "STS 2 times more, with 1 MFA code).",
        ),
        (
            Cost("dev", 0, 0, cached=False, provider=True),
            "Profile dev: calls the source of the profile, with no MFA code.",
        ),
        (
            Cost("dev", 3, 2, cached=False, provider=True),
            "calls the source of the profile, and STS 3 times, with 2 MFA codes.",
        ),
        (
            Cost("dev", 2, 1, cached=False, provider=False),
            "If AWS refuses a link: STS once more, and IAM 4 times at most.",
        ),
        (Cost("\x1b[1m", 2, 1, cached=False, provider=False), "Profile \\x1b[1m:"),
    ],
)
def test_the_cost(cost, said):
    """Calls and codes if all goes well, and what a refusal adds."""
    assert said in live_report.cost_text(cost)


def report(*causes, certain=True, policy=None):
    found = Diagnosis(certain=certain, causes=causes)
    return LiveReport("dev", LINKS, LiveRefusal(2, "X", "said", RefusedCall(), found, (), policy, None))


def test_the_finding_of_doctor():
    """The place, the cause and the change; more is at explain."""
    assert live_report.summary(LiveReport("dev", LINKS)) is None
    assert live_report.summary(report(ONE)) == (
        "profile dev",
        "AWS refused link 2, role R: it is too long",
        "set a shorter one",
    )
    _, message, hint = live_report.summary(report(ONE, ONE, certain=False))
    assert "it is too long; or it is too long" in message
    assert "awsvault-py explain --live dev" in hint
    assert "; and " in live_report.summary(report(ONE, ONE))[1]
    assert "explain --live dev" in live_report.summary(report(ONE, policy={}))[2]


def test_text_from_aws_is_escaped(capsys):
    """AWS's message and a name in a policy cannot move the cursor, nor end a line."""
    found = report(ONE, policy={"Resource": "\x1b[31m\u202e"})
    evil = found._replace(refusal=found.refusal._replace(said="a\x1b[31m\nb", unread=("\x1b",)))
    live_report.emit_report({}, evil, now=0)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "X: a\\x1b[31m b" in out


def test_a_link_that_never_expires_has_no_time(capsys):
    """A key from a program."""
    only = LiveReport("dev", (LinkResult("source", "credentials of the source", result="passed"),))
    live_report.emit_report({}, only, now=0)
    assert (
        capsys.readouterr().out
        == "dev\n└─ 1. credentials of the source\n     passed, fetched now\n\nEvery link passed.\n"
    )
