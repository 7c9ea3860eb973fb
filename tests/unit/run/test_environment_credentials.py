"""login --env: a sign-in with the credentials of the environment."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, role
from tests.home import failed
from tests.unit.run.console_pages import KEY, page

pytestmark = pytest.mark.usefixtures("inside")


MANAGED = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def test_a_key_of_the_environment_goes_by_federation(home, aws):
    """No vault, no profile: the variables alone."""
    done = home.run("login", "--env", "--print", AWSVAULT_PASSPHRASE=None, **KEY)
    assert ":federated-user/" in page(done)
    assert "MFA" in done.stderr
    (call,) = aws.calls.of("GetFederationToken")
    assert call.access_key_id == KEY_ID


def test_a_role_session_of_the_environment_signs_in_as_it_is(home, aws):
    """STS is not asked at all; the region of the page is the environment's."""
    aws.world.add_role(role("Deploy"), trusts=("arn:aws:iam::111111111111:root",))
    held = session(aws, "role")
    done = home.run("login", "--env", "--print", AWS_REGION="eu-west-3", **held)
    assert "<dd id=role>Deploy" in page(done)
    assert "eu-west-3.console.aws.amazon.com" in done.stdout.replace("%3A", ":").replace("%2F", "/")
    assert {call.action for call in aws.calls} <= {"getSigninToken", "login"}
    failed(home.run("login", "--env", "--print", "--policy-arn", MANAGED, **held), 2, "--policy")
    failed(home.run("login", "--env", "--print", "--duration", "1h", **held), 2, "--duration")


def test_a_users_session_of_the_environment_cannot_sign_in(home, aws):
    """GetSessionToken's credentials: AWS refuses, and the hint says what would do."""
    failed(home.run("login", "--env", "--print", **session(aws, "session")), 7, "GetSessionToken")


def test_an_environment_without_credentials_is_said(home, aws):
    """Exit 6 names the variable; a profile beside --env is usage; a broken value is not shown."""
    failed(home.run("login", "--env", "--print"), 6, "AWS_ACCESS_KEY_ID")
    failed(home.run("login", "--env", "--print", AWS_ACCESS_KEY_ID=KEY_ID), 6, "AWS_SECRET_ACCESS_KEY")
    failed(home.run("login", "dev", "--env", "--print", **KEY), 2, "--env")
    broken = home.run("login", "--env", "--print", **{**KEY, "AWS_SECRET_ACCESS_KEY": "two words"})
    failed(broken, 6, "SecretAccessKey")
    assert "two words" not in broken.stderr
    assert not list(aws.calls)


def session(aws, kind):
    """A session of ``kind`` as environment variables."""
    made = aws.world.add_session(
        kind=kind,
        account="222222222222",
        arn="arn:aws:sts::222222222222:assumed-role/Deploy/me",
        user_id="AROAEXAMPLE:me",
        seconds=3600,
    )
    return {
        "AWS_ACCESS_KEY_ID": made.key_id,
        "AWS_SECRET_ACCESS_KEY": made.secret,
        "AWS_SESSION_TOKEN": made.token,
    }
