"""explain --live and doctor --live as commands: the cost on stderr, the question at a terminal, the exit code, no trace left."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import DEVELOPER
from tests.home import PASSPHRASE, failed
from tests.signins import use_identity_center
from tests.terminal_user import Terminal
from tests.unit.inspect import denials

COST = """\
Profile {}: calls STS 2 times, with 1 MFA code.
If AWS refuses a link: STS once more, and IAM 4 times at most. These calls only read.
No session is printed, cached or logged.
"""
FINE = f"""\
dev
├─ 1. MFA session of the key
│    passed, fetched now, expires in 11h 59m
└─ 2. role {DEVELOPER}
     passed, fetched now, expires in 59m

Every link passed.
"""

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def secrets(aws):
    """Every secret, token and key ID of a session that AWS gave."""
    return [text for one in aws.world.sessions.values() for text in (one.secret, one.token, one.key_id)]


def test_everything_fine(ready, aws):
    """Exit 0, the links on stdout, the cost on stderr. Without a terminal nobody is asked."""
    done = ready.run("explain", "dev", "--live")
    shown = done.stdout.replace("12h 00m", "11h 59m").replace("1h 00m", "59m")
    assert (done.returncode, shown, done.stderr) == (0, FINE, COST.format("dev"))
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_a_refusal(ready, aws):
    """Exit 1: AWS's words, the caller, the cause, and a policy that a program can read as JSON. No secret of a session."""
    denials.denies_identity(ready, aws.world, denials.HERE)
    done = ready.run("explain", "target", "--live")
    assert (done.returncode, done.stderr) == (1, COST.format("target"))
    for text in (
        "2. role arn:aws:iam::111111111111:role/HereRole\n     refused",
        "Link 2 was refused: AccessDenied: User: arn:aws:iam::111111111111:user/yourself is not authorized",
        "The caller is arn:aws:iam::111111111111:user/yourself.",
        "The cause:\n- the caller's side: no policy of arn:aws:iam::111111111111:user/yourself allows sts:AssumeRole on this role\n",
        "Identity policy for user yourself in account 111111111111:\n{",
    ):
        assert text in done.stdout
    printed = json.loads(done.stdout[done.stdout.index("{") :])
    assert printed["Statement"][0]["Resource"] == denials.HERE
    assert not [text for text in secrets(aws) if text in done.stdout + done.stderr]


def test_a_side_that_is_not_known(ready, aws):
    """Its policy is printed too, and says why."""
    denials.denies_identity(ready, aws.world, denials.FAR)
    shown = ready.run("explain", "target", "--live").stdout
    assert "Not read: the role's trust policy: the role is in account 222222222222" in shown
    assert "Identity policy for user yourself in account 111111111111:\n" in shown
    assert (
        "Trust policy statement for role FarRole in account 222222222222, in case the role's side refuses too:\n"
        in shown
    )


def test_a_role_that_identity_center_does_not_give(home, aws):
    """Its words, and what to check."""
    use_identity_center(home, aws)
    assert home.run("sso", "login", "--device").returncode == 0
    aws.world.sso.assigned.clear()
    done = home.run("explain", "dev", "--live")
    assert done.returncode == 1
    assert "Link 1 was refused: ForbiddenException: No access\n" in done.stdout
    assert "check sso_account_id and sso_role_name" in done.stdout


def test_json(ready, aws):
    """One document, the same exit code, and the policies as documents."""
    denials.denies_trust(ready, aws.world, denials.HERE)
    done = ready.run("explain", "target", "--live", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["passed"], found["side"], found["refused_link"]) == (1, False, "role", 2)
    assert found["trust_statement"]["Principal"] == {"AWS": "arn:aws:iam::111111111111:user/yourself"}
    assert not [text for text in secrets(aws) if text in done.stdout]


def test_nothing_is_logged_or_cached(ready, aws):
    """The log has no record, and the next export calls AWS."""
    ready.run("explain", "dev", "--live")
    assert json.loads(ready.run("log", "--json").stdout)["records"] == []
    assert "not cached" in ready.run("explain", "dev").stdout
    aws.calls.clear()
    ready.export("dev")
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_the_agent_remembers_nothing(ready, aws):
    """Nor does an agent that has the vault open."""
    agent = {"AWSVAULT_AGENT": "auto"}
    assert ready.run("unlock", **agent).returncode == 0
    assert ready.run("explain", "dev", "--live", **agent).returncode == 0
    assert json.loads(ready.run("status", "--json", **agent).stdout)["sessions"] == []


def test_without_live_nothing_is_called(ready, aws):
    """And its options are an error."""
    assert ready.run("explain", "dev").returncode == 0
    failed(ready.run("explain", "dev", "--yes"), 2, "--yes needs --live")
    failed(ready.run("explain", "dev", "--mfa-code", "123456"), 2, "--mfa-code needs --live")
    failed(ready.run("doctor", "--mfa-code", "123456"), 2, "--mfa-code needs --live")
    assert not list(aws.calls)


def test_the_question_at_a_terminal(ready, aws):
    """Enter means yes, n ends with exit 10 before any call, and --yes skips it."""
    user = Terminal(ready, "explain", "dev", "--live", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers("Run these calls? [Y/n] ", "n")
    assert user.ends() == 10
    assert not list(aws.calls)
    user = Terminal(ready, "explain", "dev", "--live", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers("Run these calls? [Y/n] ", "")
    assert user.ends() == 0
    assert "Every link passed." in user.shown
    user = Terminal(ready, "explain", "dev", "--live", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE)
    assert user.ends() == 0
    assert "Run these calls" not in user.shown


def test_an_unreachable_aws_is_an_error(ready):
    """Not a refusal: exit 8, and stdout is empty."""
    done = ready.run("explain", "dev", "--live", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (8, "")
    assert "awsvault-py: error: profile dev: " in done.stderr


def test_doctor_reports_the_refused_link(ready, aws):
    """As a finding among the others, and says where the details are; a profile that passes is one line."""
    denials.denies_trust(ready, aws.world, denials.HERE)
    done = ready.run("doctor", "--live", "target", "--json")
    found = [each for each in json.loads(done.stdout)["findings"] if each["check"] == "refused-link"]
    assert (done.returncode, len(found), found[0]["level"], found[0]["where"]) == (
        1,
        1,
        "error",
        "profile target",
    )
    assert "AWS refused link 2" in found[0]["message"]
    assert found[0]["fix"].endswith("awsvault-py explain --live target")
    shown = ready.run("doctor", "--live", "target").stdout
    assert "error: profile target: AWS refused link 2" in shown
    aws.world.roles[denials.HERE].trusts = (denials.ROOT,)
    done = ready.run("doctor", "--live", "tar")
    assert "Every link of profile target passed." in done.stderr
    assert "refused-link" not in done.stdout


@pytest.mark.parametrize("words", [("explain", "target", "--live"), ("doctor", "--live", "target")])
def test_what_aws_says_cannot_move_the_cursor_or_add_a_line(ready, aws, words):
    """Its code and its message are text, in both commands and their JSON."""
    denials.config(ready, denials.HERE)
    code, said = "Odd\u009b2J\nEvery link passed.", "no\u009b1A\r\n\u202eEvery link passed.\nThe cause:"
    aws.faults.add("AssumeRole", "refuse", code=code, message=said, status=403, times=None)
    for more in ((), ("--json",)):
        done = ready.run(*words, *more)
        assert done.returncode == 1
        for line in (done.stdout + done.stderr).split("\n"):
            assert line.isprintable()
            assert line.strip() not in ("Every link passed.", "The cause:") or line == "The cause:"
        assert (done.stdout + done.stderr).count("\nThe cause:\n") == (words[0] == "explain" and not more)


@pytest.mark.parametrize(
    "words", [("explain", "target", "--live", "--json"), ("doctor", "--live", "target", "--json")]
)
def test_a_confirmation_is_not_passed_by(ready, aws, words):
    """Nobody can be asked: exit 10, and nothing on stdout."""
    denials.config(ready, DEVELOPER, "awsvault_confirm = always")
    done = ready.run(*words)
    assert (done.returncode, done.stdout) == (10, "")
    assert "profile target needs confirmation before it is used" in done.stderr
    assert not list(aws.calls)
