"""Guard rails: what a profile forbids, narrows or asks about holds on every way to its credentials."""

import os

import pytest

from tests.fakes.example import SERIAL, role
from tests.home import SCENARIO, failed
from tests.unit.agent.at_home import stop, unlock, with_agent
from tests.unit.benches import Window
from vault import errors
from vault.aws import credential_json
from vault.credentials import guardrails, planned
from vault.credentials.request import Request
from vault.profiles.session_policy import read_only_policy
from vault.system.process_tree import ancestors
from vault.system.prompts import Interaction, NoAnswer

pytestmark = pytest.mark.usefixtures("unmeasured")

POLICY = "PolicyArns.member.1.arn"


def set_in(home, profile, text, more=""):
    home.config(SCENARIO.replace(f"[profile {profile}]\n", f"[profile {profile}]\n{text}\n") + more)


def life(got):
    return got.expires - got.issued


# ── awsvault_read_only ──────────────────────────────────────────────────────────────────────────


def test_read_only_sends_the_policy_with_the_role(desk, home, aws):
    """AssumeRole carries AWS's ReadOnlyAccess as a session policy; the MFA session before it does not."""
    set_in(home, "dev", "awsvault_read_only = true")
    desk.ask("dev")
    call = aws.calls.of("AssumeRole")[0]
    assert call.parameters[POLICY] == read_only_policy("aws")
    assert POLICY not in aws.calls.of("GetSessionToken")[0].parameters


def test_read_only_is_another_session_in_the_cache(desk, home, aws):
    """A full session is never served after the guard rail is set, nor a read-only one after it is removed."""
    first = desk.ask("dev")
    set_in(home, "dev", "awsvault_read_only = true")
    narrowed = desk.ask("dev")
    assert narrowed.line != first.line
    assert narrowed.digest != first.digest
    assert desk.ask("dev").line == narrowed.line
    home.scenario()
    assert desk.ask("dev").line == first.line


def test_write_lifts_read_only_for_one_command(desk, home, aws):
    """--write requests the whole role, and the next export is read-only again."""
    set_in(home, "dev", "awsvault_read_only = true")
    narrowed = desk.ask("dev")
    lifted = desk.ask("dev", write=True)
    assert POLICY not in aws.calls.of("AssumeRole")[-1].parameters
    assert lifted.remember is None
    assert desk.ask("dev").line == narrowed.line


def test_only_the_last_role_of_a_chain_gets_the_policy(desk, home, aws):
    """A role under the policy could not assume the next one; a guard rail anywhere in the chain reaches the last role."""
    more = (
        f"[profile hop1]\nrole_arn = {role('Hop1')}\nsource_profile = shared-services\nawsvault_read_only = true\n"
        f"[profile hop2]\nrole_arn = {role('Hop2')}\nsource_profile = hop1\n"
    )
    home.config(SCENARIO + more)
    desk.ask("hop2")
    first, last = aws.calls.of("AssumeRole")
    assert POLICY not in first.parameters
    assert last.parameters[POLICY] == read_only_policy("aws")


def test_read_only_without_a_role_is_refused(desk, home, aws):
    """A session of a key takes no policy: nothing is issued that could write."""
    set_in(home, "shared-services", "awsvault_read_only = true")
    with pytest.raises(errors.Declined, match="shared-services: awsvault_read_only"):
        desk.ask("shared-services")
    with pytest.raises(errors.Declined):
        desk.ask("shared-services", session=False)
    assert aws.calls.actions() == []
    assert desk.ask("shared-services", write=True).expires is not None


# ── awsvault_max_duration ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", [None, 3600, 43_200])
def test_no_role_session_is_longer_than_max_duration(desk, home, asked):
    """Whatever duration_seconds or --duration say, the issued session is no longer."""
    set_in(home, "dev", "awsvault_max_duration = 30m\nduration_seconds = 3600")
    assert life(desk.ask("dev", duration=asked)) == 1800


def test_no_mfa_session_is_longer_than_max_duration(desk, home):
    """If the MFA session is the answer, the guard rail applies to it too."""
    set_in(home, "shared-services", "awsvault_max_duration = 3600")
    assert life(desk.ask("shared-services")) == 3600
    assert life(desk.ask("shared-services", duration=43_200)) == 3600


def test_no_session_with_max_duration_is_refused(desk, home):
    """--no-session is refused for a profile with the guard rail."""
    set_in(home, "shared-services", "awsvault_max_duration = 3600")
    with pytest.raises(errors.Declined, match="max_duration"):
        desk.ask("shared-services", session=False)


def test_the_strictest_guard_rail_of_a_chain_applies(desk, home):
    """A guard rail of the source profile applies to every role that is reached through it."""
    set_in(home, "shared-services", "awsvault_max_duration = 900")
    assert life(desk.ask("dev")) == 900


# ── awsvault_confirm ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["yes", "true", "sometimes", ""])
def test_confirm_accepts_four_values(desk, home, word):
    """never, agent, session and always; anything else is an error with its line, not a guard rail that is silently off."""
    set_in(home, "dev", f"awsvault_confirm = {word or '-'}")
    with pytest.raises(
        errors.ConfigError, match=r"config:7: awsvault_confirm must be never, agent, session or always, not "
    ):
        desk.ask("dev")


@pytest.mark.parametrize("word", ["always", "Always", "session", "agent"])
def test_nothing_is_handed_out_without_a_yes(desk, home, aws, word):
    """No cached session, no call: the rail comes before both. What runs these tests is a coding agent here."""
    home.settings(f'confirm_agents = ["{ancestors(os.getppid())[0].name}"]\n')
    desk.ask("dev")
    aws.calls.clear()
    set_in(home, "dev", f"awsvault_confirm = {word}")
    for request in ({}, {"ask": True}, {"session": False}, {"write": True}, {"duration": 900}):
        with pytest.raises(errors.Declined, match="profile dev"):
            desk.ask("dev", **request)
    assert aws.calls.actions() == []
    assert desk.ask("prod").expires is not None


@pytest.mark.parametrize(
    ("reason", "hint"),
    [("impossible", "run the command in a terminal"), ("timeout", "no credentials were issued"), ("cancelled", "no credentials were issued")],
)  # fmt: skip
def test_only_a_question_that_nobody_saw_belongs_at_a_terminal(desk, home, monkeypatch, reason, hint):
    """A user who was asked and did not answer has a terminal or a window."""

    def unanswered(*_args, **_more):
        raise NoAnswer(reason, "no answer in time")

    monkeypatch.setattr(Interaction, "confirm", unanswered)
    set_in(home, "prod", "awsvault_confirm = always")
    with pytest.raises(
        errors.Declined, match="needs confirmation before it is used, and no answer in time"
    ) as caught:
        desk.ask("prod", ask=True)
    assert caught.value.hint.startswith(hint)


def test_a_confirmation_of_the_source_applies_to_its_roles(desk, home):
    """The confirmation of a source profile is asked for each role that is reached through it; the strictest value applies."""
    set_in(home, "shared-services", "awsvault_confirm = always")
    with pytest.raises(errors.Declined, match="awsvault_confirm = always"):
        desk.ask("dev")


@pytest.mark.parametrize("word", ["session", "agent"])
def test_an_answer_with_a_confirmation_is_never_warm(desk, home, word):
    """The warm path knows no guard rails, so it never gets the answer of a profile with a confirmation."""
    set_in(home, "dev", f"awsvault_confirm = {word}")
    home.settle()
    assert desk.ask("dev", agreed=True).remember is None
    home.scenario()
    home.settle()
    assert desk.ask("dev").remember is not None


def test_a_confirmation_is_for_one_role(desk, home):
    """What the agent remembers names the role: another role under the same profile is asked about again."""
    before = guardrails.subject(desk.ask("dev").chain)
    home.config(SCENARIO.replace("DeveloperRole", "LongRole"))
    assert guardrails.subject(desk.ask("dev").chain) != before


def test_a_confirmation_is_for_one_source(desk, home):
    """Another profile that assumes the role is asked about again, also with --source."""
    arn = role("DeveloperRole")
    home.config(SCENARIO + "[profile second]\nawsvault_credential = shared-services\n")
    one, other = (desk.ask(arn, source=source).chain for source in ("shared-services", "second"))
    assert guardrails.subject(one) != guardrails.subject(other)
    before = guardrails.subject(desk.ask("dev").chain)
    home.config(
        SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_credential = shared-services\n").replace(
            "awsvault_source_profile = shared-services\nmfa_serial = arn:aws:iam::111111111111:mfa/yourself\n\n[profile prod]",
            "\n[profile prod]",
        )
    )
    assert guardrails.subject(desk.ask("dev").chain) != before


@pytest.mark.parametrize(
    ("line", "again"),
    [
        ("awsvault_read_only = true", True),
        ("awsvault_max_duration = 900", True),
        ("awsvault_policy_arns = arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", True),
        ("awsvault_credential = second", True),
        ("role_session_name = me", False),
        ("# a remark", False),
        ("awsvault_environment = production", False),
    ],
)
def test_a_confirmation_is_for_the_guard_rails_and_the_key(desk, home, line, again):
    """A yes for a limited session, or for another key, is none for this one. Where a line is does not matter."""
    before = guardrails.subject(desk.ask("prod").chain)
    name = "shared-services" if "credential" in line else "prod"
    home.config(SCENARIO.replace(f"[profile {name}]\n", f"[profile {name}]\n{line}\n"))
    assert (guardrails.subject(chain_of(desk, "prod")) != before) == again


def chain_of(desk, profile):
    """A profile's chain with its guard rails, without a call."""
    context = desk.context()
    keys = desk.keys(context)
    chain = planned.chain_of(context, planned.load(context).config, profile, keys)
    return guardrails.applied(chain, Request(profile))


def test_a_confirmation_of_reading_does_not_cover_writing(home):
    """confirm = session: the answer for the read-only role is not remembered for the whole role, nor the reverse."""
    with_agent(home)
    set_in(home, "dev", "awsvault_confirm = session\nawsvault_read_only = true")
    try:
        unlock(home)
        window = Window(home)
        assert home.run("exec", "dev", "--", "true").returncode == 0
        home.env["AWSVAULT_PROMPT"] = "none"
        assert home.run("exec", "dev", "--", "true").returncode == 0
        failed(home.run("exec", "--write", "dev", "--", "true"), 10, "confirmation")
        assert len(window.heard("SETDESC")) == 1
    finally:
        stop(home)


def test_the_question_says_that_read_only_is_lifted(desk, home):
    """It says so with --write for a read-only profile, and not otherwise."""
    window = Window(home)
    set_in(home, "dev", "awsvault_confirm = always\nawsvault_read_only = true")
    desk.ask("dev", ask=True, write=True)
    desk.ask("dev", ask=True)
    set_in(home, "dev", "awsvault_confirm = always")
    desk.ask("dev", ask=True, write=True)
    first, second, third = window.heard("SETDESC")
    assert "with write access" in first
    assert "reading" not in second
    assert "reading" not in third


def test_setting_a_guard_rail_invalidates_warm_answers(home, aws):
    """By the installed command: warm before, refused with exit 10 as soon as the file has the guard rail."""
    home.scenario()
    home.make_vault()
    home.export("dev")
    home.export("dev")
    set_in(home, "dev", "awsvault_confirm = always")
    failed(home.run("export", "dev"), 10, "awsvault_confirm = always")
    home.scenario()
    assert credential_json.fields(home.run("export", "dev").stdout.encode())["AccountId"] == "222222222222"


def test_max_duration_is_another_session_in_the_cache(desk, home, aws):
    """A longer session from before the guard rail is never served under it, nor the shorter one after it is removed."""
    first = desk.ask("dev")
    set_in(home, "dev", "awsvault_max_duration = 15m")
    held = desk.ask("dev")
    assert (life(held), held.digest != first.digest) == (900, True)
    assert desk.ask("dev").line == held.line
    home.scenario()
    assert desk.ask("dev").line == first.line


def test_a_guard_rail_applies_at_once_with_a_running_agent(home, aws):
    """Warm answers and cache aliases belong to the file as it was: none is served after a guard rail is set."""
    home.scenario()
    home.make_vault()
    given = {"AWSVAULT_AGENT": "auto"}
    try:
        assert home.run("unlock", **given).returncode == 0
        whole = home.export("dev", **given)
        assert home.export("dev", **given) == whole  # by the agent
        set_in(home, "dev", "awsvault_read_only = true")
        narrowed = home.export("dev", **given)
        assert narrowed["AccessKeyId"] != whole["AccessKeyId"]
        assert home.export("dev", **given) == narrowed
        set_in(home, "dev", "awsvault_max_duration = 15m")
        assert home.export("dev", **given)["AccessKeyId"] not in (
            whole["AccessKeyId"],
            narrowed["AccessKeyId"],
        )
        set_in(home, "dev", "awsvault_confirm = session")
        for _ in range(2):
            failed(home.run("export", "dev", **given), 10, "awsvault_confirm")
        failed(home.run("exec", "--server", "dev", "--", "true", **given), 10, "profile dev")
        failed(home.run("login", "dev", "--print", **given), 10, "profile dev")
        set_in(home, "dev", "awsvault_environment = production")
        assert home.export("dev", **given) == whole  # the longest-lived answer is the cache's again
    finally:
        home.run("lock", **given)


def test_guard_rails_apply_to_the_credentials_server(home, aws):
    """exec --server issues the read-only, shorter session, and --write the whole one."""
    home.make_vault()
    set_in(home, "dev", "awsvault_read_only = true\nawsvault_max_duration = 15m")
    for more in ([], ["--write"]):
        assert home.run("exec", "--server", *more, "dev", "--", "true").returncode == 0
    narrowed, whole = aws.calls.of("AssumeRole")
    assert narrowed.parameters[POLICY] == read_only_policy("aws")
    assert POLICY not in whole.parameters
    assert {narrowed.parameters["DurationSeconds"], whole.parameters["DurationSeconds"]} == {"900"}


def test_guard_rails_do_not_change_the_number_of_codes(desk, home, aws):
    """One code serves two guarded roles."""
    home.config(SCENARIO.replace("region = us-west-2", "region = us-west-2\nawsvault_read_only = yes"))
    desk.ask("dev")
    desk.ask("prod")
    assert [c.parameters.get("SerialNumber") for c in aws.calls] == [SERIAL, None, None]


def test_the_question_names_role_region_and_environment(desk, home):
    """The question names what the user confirms; after a no nothing is issued."""
    window = Window(home)
    set_in(home, "dev", "awsvault_confirm = always\nawsvault_environment = production")
    assert desk.ask("dev", ask=True).line
    (question,) = window.heard("SETDESC")
    for part in ("profile dev", "production: ", role("DeveloperRole"), "us-west-2"):
        assert part in question
