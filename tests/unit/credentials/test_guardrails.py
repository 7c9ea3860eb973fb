"""Guard rails: what a profile forbids, narrows or asks about holds on every way to its credentials."""

import pytest

from tests.fakes.example import SERIAL, role
from tests.home import SCENARIO, failed
from tests.unit.agent.at_home import stop, unlock, with_agent
from tests.unit.benches import Window
from vault import errors, limits
from vault.aws import credential_json
from vault.credentials import guardrails

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
    assert call.parameters[POLICY] == "arn:aws:" + limits.READ_ONLY_POLICY
    assert POLICY not in aws.calls.of("GetSessionToken")[0].parameters


def test_read_only_is_another_session_in_the_cache(desk, home, aws):
    """A session that may write is never served after the rail is set, nor a narrowed one after it is gone."""
    first = desk.ask("dev")
    set_in(home, "dev", "awsvault_read_only = true")
    narrowed = desk.ask("dev")
    assert narrowed.line != first.line
    assert narrowed.digest != first.digest
    assert desk.ask("dev").line == narrowed.line
    home.scenario()
    assert desk.ask("dev").line == first.line


def test_write_lifts_it_for_one_command_and_is_not_remembered(desk, home, aws):
    """--write asks for the whole role, and the next export is narrowed again."""
    set_in(home, "dev", "awsvault_read_only = true")
    narrowed = desk.ask("dev")
    lifted = desk.ask("dev", write=True)
    assert POLICY not in aws.calls.of("AssumeRole")[-1].parameters
    assert lifted.remember is None
    assert desk.ask("dev").line == narrowed.line


def test_in_a_chain_only_the_last_role_is_narrowed(desk, home, aws):
    """A role under the policy could not assume the next one; a rail anywhere on the path reaches the last."""
    more = (
        f"[profile hop1]\nrole_arn = {role('Hop1')}\nsource_profile = shared-services\nawsvault_read_only = true\n"
        f"[profile hop2]\nrole_arn = {role('Hop2')}\nsource_profile = hop1\n"
    )
    home.config(SCENARIO + more)
    desk.ask("hop2")
    first, last = aws.calls.of("AssumeRole")
    assert POLICY not in first.parameters
    assert last.parameters[POLICY] == "arn:aws:" + limits.READ_ONLY_POLICY


def test_read_only_without_a_role_is_refused(desk, home, aws):
    """A key's own session takes no policy: nothing is handed out that could write."""
    set_in(home, "shared-services", "awsvault_read_only = true")
    with pytest.raises(errors.Declined, match="shared-services: awsvault_read_only"):
        desk.ask("shared-services")
    with pytest.raises(errors.Declined):
        desk.ask("shared-services", session=False)
    assert aws.calls.actions() == []
    assert desk.ask("shared-services", write=True).expires is not None


# ── awsvault_max_duration ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", [None, 3600, 43_200])
def test_no_role_outlasts_max_duration(desk, home, asked):
    """Whatever duration_seconds or --duration say, the session that is handed out is no longer."""
    set_in(home, "dev", "awsvault_max_duration = 30m\nduration_seconds = 3600")
    assert life(desk.ask("dev", duration=asked)) == 1800


def test_no_key_session_outlasts_max_duration(desk, home):
    """Where the key's own session is the answer, the rail holds for it too."""
    set_in(home, "shared-services", "awsvault_max_duration = 3600")
    assert life(desk.ask("shared-services")) == 3600
    assert life(desk.ask("shared-services", duration=43_200)) == 3600


def test_a_key_that_never_ends_is_over_any_max_duration(desk, home):
    """--no-session of a profile with the rail is declined."""
    set_in(home, "shared-services", "awsvault_max_duration = 3600")
    with pytest.raises(errors.Declined, match="max_duration"):
        desk.ask("shared-services", session=False)


def test_the_strictest_on_the_path_holds(desk, home):
    """A rail of the source's profile is a rail of every role that is reached through it."""
    set_in(home, "shared-services", "awsvault_max_duration = 900")
    assert life(desk.ask("dev")) == 900


# ── awsvault_confirm ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["yes", "true", "sometimes", ""])
def test_confirm_takes_three_words(desk, home, word):
    """never, session and always; anything else is an error with its line, not a rail that is silently off."""
    set_in(home, "dev", f"awsvault_confirm = {word or '-'}")
    with pytest.raises(
        errors.ConfigError, match=r"config:7: awsvault_confirm must be never, session or always, not "
    ):
        desk.ask("dev")


@pytest.mark.parametrize("word", ["always", "Always", "session"])
def test_nothing_is_handed_out_without_a_yes(desk, home, aws, word):
    """No cached session, no call: the rail comes before both."""
    desk.ask("dev")
    aws.calls.clear()
    set_in(home, "dev", f"awsvault_confirm = {word}")
    for request in ({}, {"ask": True}, {"session": False}, {"write": True}, {"duration": 900}):
        with pytest.raises(errors.Declined, match="profile dev"):
            desk.ask("dev", **request)
    assert aws.calls.actions() == []
    assert desk.ask("prod").expires is not None


def test_a_guarded_source_guards_its_roles(desk, home):
    """confirm in the source's profile is asked for each role that is reached through it; the strictest word counts."""
    set_in(home, "shared-services", "awsvault_confirm = always")
    with pytest.raises(errors.Declined, match="awsvault_confirm = always"):
        desk.ask("dev")


def test_a_guarded_answer_is_never_remembered(desk, home):
    """The warm ways know no rails, so they never get the answer of a profile that asks for a yes."""
    set_in(home, "dev", "awsvault_confirm = session")
    home.settle()
    assert desk.ask("dev", agreed=True).remember is None
    home.scenario()
    home.settle()
    assert desk.ask("dev").remember is not None


def test_a_yes_is_for_one_role(desk, home):
    """What the agent remembers names the role: another role under the same profile is asked about again."""
    before = guardrails.subject(desk.ask("dev").chain)
    home.config(SCENARIO.replace("DeveloperRole", "LongRole"))
    assert guardrails.subject(desk.ask("dev").chain) != before


def test_a_yes_to_reading_is_none_to_writing(home):
    """confirm = session: what was said of the narrowed role is not remembered for the whole one, nor the other way."""
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


def test_the_question_says_that_the_rail_is_lifted(desk, home):
    """--write of a profile that only reads; where nothing is lifted, nothing of it is said."""
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


def test_setting_a_rail_ends_what_was_remembered(home, aws):
    """By the installed command: warm before, refused with exit 10 from the moment that the file says so."""
    home.scenario()
    home.make_vault()
    home.export("dev")
    home.export("dev")
    set_in(home, "dev", "awsvault_confirm = always")
    failed(home.run("export", "dev"), 10, "awsvault_confirm = always")
    home.scenario()
    assert credential_json.fields(home.run("export", "dev").stdout.encode())["AccountId"] == "222222222222"


def test_max_duration_is_another_session_in_the_cache(desk, home, aws):
    """A longer session from before the rail is never served under it, and the shorter one not after it is gone."""
    first = desk.ask("dev")
    set_in(home, "dev", "awsvault_max_duration = 15m")
    held = desk.ask("dev")
    assert (life(held), held.digest != first.digest) == (900, True)
    assert desk.ask("dev").line == held.line
    home.scenario()
    assert desk.ask("dev").line == first.line


def test_a_rail_set_under_a_running_agent_holds_at_once(home, aws):
    """Warm answers of the agent and aliases of the cache are of the file as it was: none outlives a rail that is set."""
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


def test_every_link_narrowed_by_the_server_too(home, aws):
    """exec --server hands out the narrowed, shorter session, and --write the whole one."""
    home.make_vault()
    set_in(home, "dev", "awsvault_read_only = true\nawsvault_max_duration = 15m")
    for more in ([], ["--write"]):
        assert home.run("exec", "--server", *more, "dev", "--", "true").returncode == 0
    narrowed, whole = aws.calls.of("AssumeRole")
    assert narrowed.parameters[POLICY] == "arn:aws:" + limits.READ_ONLY_POLICY
    assert POLICY not in whole.parameters
    assert {narrowed.parameters["DurationSeconds"], whole.parameters["DurationSeconds"]} == {"900"}


def test_who_asks_by_mfa_is_still_one_device(desk, home, aws):
    """The rails change nothing about codes: one code for two guarded roles."""
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
