"""Sessions: how many calls they cost, which are shared, when they are refreshed, and what a failing STS costs."""

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL, role
from tests.home import SCENARIO
from vault import errors
from vault.aws import credential_json
from vault.credentials.request import Refetch
from vault.inspect.explain import explain

HOUR = 3600


def add_profile(home, text):
    home.config(SCENARIO + text)


def arn_of(got, aws):
    return aws.world.sessions[credential_json.fields(got.line)["AccessKeyId"]].arn


def test_two_roles_share_one_code(desk, aws):
    """dev and prod in two regions use one GetSessionToken with one code, and one AssumeRole each, without a code."""
    assert arn_of(desk.ask("dev"), aws).startswith("arn:aws:sts::222222222222:assumed-role/DeveloperRole/")
    assert arn_of(desk.ask("prod"), aws).startswith("arn:aws:sts::333333333333:assumed-role/ReadOnlyRole/")
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    assert len(aws.calls.codes()) == 1
    assert [c.region for c in aws.calls] == ["us-east-1", "us-west-2", "eu-west-1"]


def test_a_second_run_makes_no_call(desk, aws):
    """The same answer comes from the cache, byte for byte."""
    first = desk.ask("dev")
    aws.calls.clear()
    assert desk.ask("dev").line == first.line
    assert aws.calls.actions() == []


def test_the_source_profile_gives_its_mfa_session(desk, aws):
    """export of the source profile issues the MFA session, never the key; its account is included."""
    found = credential_json.fields(desk.ask("shared-services").line)
    assert found["AccessKeyId"].startswith("ASIA")
    assert found["AccountId"] == "111111111111"
    assert SECRET not in str(found)
    assert aws.calls.of("GetSessionToken")[0].parameters["DurationSeconds"] == "43200"


def test_the_key_itself_is_issued_only_with_no_session(desk, aws):
    """--no-session of the source is the key, without a token, an expiry or a call."""
    found = credential_json.fields(desk.ask("shared-services", session=False).line)
    assert found == {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    assert aws.calls.actions() == []


def test_session_off_does_not_issue_the_key(desk, home):
    """awsvault_session = off alone is no permission to print the key."""
    add_profile(home, "[profile bare]\nawsvault_credential = shared-services\nawsvault_session = off\n")
    with pytest.raises(errors.ConfigError, match=r"bare.*config:\d+") as caught:
        desk.ask("bare")
    assert "awsvault-py export --no-session bare" in caught.value.hint


def test_a_roles_length_by_config_toml(desk, aws, home):
    """role_duration is sent to AWS, shown by explain, and part of what names the session."""
    desk.ask("dev")
    home.settings('role_duration = "15m"\n')
    got = desk.ask("dev")
    sent = [call.parameters.get("DurationSeconds") for call in aws.calls.of("AssumeRole")]
    assert sent == [None, "900"]
    assert got.expires - got.issued == 900
    lasts = [
        fact.value
        for step in explain(desk.context(), "dev").steps
        for fact in step.facts
        if fact.name == "lasts"
    ]
    assert "role_duration" in lasts[-1]
    assert lasts[-1].startswith("15m")


def test_a_role_without_a_session_costs_no_session(desk, aws, home):
    """awsvault_session = off in the role's own profile: one AssumeRole, with the code; the other role is as it was."""
    home.config(SCENARIO.replace("region = us-west-2\n", "region = us-west-2\nawsvault_session = off\n"))
    desk.ask("dev")
    assert aws.calls.actions() == ["AssumeRole"]
    assert len(aws.calls.codes()) == 1
    desk.ask("prod")
    assert aws.calls.actions()[1:] == ["GetSessionToken", "AssumeRole"]


def test_no_session_assumes_the_role_straight_with_a_code(desk, aws):
    """A role without a session takes the code itself."""
    desk.ask("dev", session=False)
    (call,) = aws.calls
    assert (call.action, call.access_key_id, call.parameters["SerialNumber"]) == (
        "AssumeRole",
        KEY_ID,
        SERIAL,
    )


def test_a_due_session_is_refreshed_and_an_expired_one_is_not_served(desk, aws):
    """Fresh and ahead sessions are served as they are; from the margin on a new one is fetched first."""
    first = desk.ask("dev")
    aws.calls.clear()
    aws.world.clock.advance(HOUR - 970)  # 970 s left: within ahead, above the margin
    assert desk.ask("dev").line == first.line
    aws.world.clock.advance(20)  # 950 s left: due
    second = desk.ask("dev")
    assert second.line != first.line
    assert aws.calls.actions() == ["AssumeRole"]
    aws.world.clock.advance(13 * HOUR)
    aws.calls.clear()
    desk.ask("dev")
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_a_valid_session_is_served_while_sts_fails(desk, aws):
    """Within the margin, an STS that fails or cannot be reached stops no client."""
    first = desk.ask("dev")
    aws.world.clock.advance(HOUR - 500)
    aws.faults.add("*", "cut-before", times=None)
    assert desk.ask("dev").line == first.line
    aws.world.clock.advance(400)
    assert desk.ask("dev").line == first.line
    aws.world.clock.advance(50)  # 50 s left: under the floor
    with pytest.raises(errors.Unreachable):
        desk.ask("dev")


def test_a_failure_is_repeated_for_five_seconds(desk, aws):
    """The next processes do not call a failing STS at once, and call it again soon."""
    aws.faults.add("GetSessionToken", "error-500", times=2)  # our two tries; with a code there is one
    with pytest.raises(errors.Unreachable) as first:
        desk.ask("dev")
    asked = len(aws.calls)
    aws.faults.clear()
    with pytest.raises(errors.Unreachable) as second:
        desk.ask("prod")
    assert len(aws.calls) == asked
    assert "InternalFailure" in first.value.message
    assert second.value.message.partition(": ")[2] == first.value.message.partition(": ")[2]
    aws.world.clock.advance(6)
    desk.ask("prod")


def test_fresh_fetches_only_the_last_link_again(desk, aws):
    """--fresh costs one AssumeRole, --fresh-all a code too."""
    first = desk.ask("dev")
    aws.calls.clear()
    second = desk.ask("dev", refetch=Refetch(last=True))
    assert aws.calls.actions() == ["AssumeRole"]
    assert second.line != first.line
    aws.calls.clear()
    desk.ask("dev", refetch=Refetch(all=True))
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]


def test_a_session_revoked_at_aws_is_replaced(desk, aws):
    """If AWS no longer knows the cached MFA session, one new code fixes it without a word."""
    desk.ask("dev")
    for session in aws.world.sessions.values():
        session.expires = 0
    aws.calls.clear()
    desk.ask("prod")
    assert aws.calls.actions() == ["AssumeRole", "GetSessionToken", "AssumeRole"]


CHAIN = "\n".join(
    f"""
[profile hop{n}]
awsvault_role_arn = {role(f"Hop{n}")}
awsvault_source_profile = {"shared-services" if n == 1 else f"hop{n - 1}"}
region = us-east-2
"""
    for n in range(1, 9)
)


def test_a_chain_of_eight_hops(desk, aws, home):
    """Roles assumed by roles: each link is cached by itself, so a chain that shares seven makes one call."""
    add_profile(home, CHAIN)
    desk.ask("hop7")
    assert aws.calls.actions() == ["GetSessionToken"] + ["AssumeRole"] * 7
    aws.calls.clear()
    got = desk.ask("hop8")
    assert aws.calls.actions() == ["AssumeRole"]
    assert "/Hop8/" in arn_of(got, aws)


def test_every_value_of_a_hop_reaches_aws(desk, aws, home):
    """External id, session name, tags, source identity and duration are sent as the profile has them."""
    add_profile(
        home,
        f"""
[profile partner]
awsvault_role_arn = {role("PartnerRole")}
awsvault_source_profile = shared-services
external_id = example-external-id
role_session_name = someone
duration_seconds = 900

[profile tagged]
awsvault_role_arn = {role("TaggedRole")}
awsvault_source_profile = shared-services
source_identity = someone
session_tags = team=blue, cost=42
transitive_session_tags = team
""",
    )
    desk.ask("partner")
    sent = aws.calls.of("AssumeRole")[0].parameters
    assert (sent["ExternalId"], sent["RoleSessionName"], sent["DurationSeconds"]) == (
        "example-external-id",
        "someone",
        "900",
    )
    desk.ask("tagged")
    sent = aws.calls.of("AssumeRole")[1].parameters
    assert sent["SourceIdentity"] == "someone"
    assert (sent["Tags.member.1.Key"], sent["Tags.member.2.Value"]) == ("team", "42")
    assert sent["TransitiveTagKeys.member.1"] == "team"


def test_a_requested_duration_is_cached_separately(desk, aws):
    """--duration applies to the last link and neither uses nor gives another's cached session."""
    hour = desk.ask("dev")
    short = desk.ask("dev", duration=900)
    assert short.expires - short.issued == 900
    assert desk.ask("dev").line == hour.line
    assert short.remember is None


def test_a_key_without_a_device_gives_a_plain_session(home, aws):
    """No device: GetSessionToken without a code, and roles that ask for none."""
    from tests.unit.conftest import Desk

    home.config(
        f"[profile ci]\nregion = us-east-1\n[profile open]\nrole_arn = {role('OpenRole')}\nsource_profile = ci\n"
    )
    home.make_vault(
        "ci",
        key_id="AKIAI44QH8DHBEXAMPLE",
        secret="je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
        seed=None,
        serial=None,
    )
    desk = Desk(home, aws)
    desk.ask("open")
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert aws.calls.codes() == []
    assert "AccountId" not in credential_json.fields(desk.ask("ci").line)


def test_a_key_that_is_not_in_the_vault_is_named_with_its_place(desk, home):
    """A profile whose key was removed says where it is asked for and how to add it."""
    add_profile(home, "[profile lost]\nawsvault_credential = gone\n")
    with pytest.raises(errors.ConfigError, match=r"config:\d+: profile lost needs the key 'gone'") as caught:
        desk.ask("lost")
    assert "awsvault-py add gone" in caught.value.hint


def test_a_refused_role_names_the_role_and_who_asked(desk, aws, home):
    """AccessDenied says which link failed, and by whom it was asked for."""
    add_profile(
        home, f"[profile closed]\nrole_arn = {role('ClosedRole')}\nsource_profile = shared-services\n"
    )
    with pytest.raises(errors.Refused) as caught:
        desk.ask("closed")
    assert "profile closed" in caught.value.message
    assert role("ClosedRole") in caught.value.message
    assert "session of key 'shared-services'" in caught.value.message


def test_answers_are_remembered_for_their_configuration(desk, aws, home):
    """The next export finds its session by the fingerprint alone; a change of the config is another fingerprint."""
    got = desk.credentials("dev")
    assert desk.cache().alias("dev", got.remember) == got.digest
    add_profile(home, "\n# changed\n")
    home.settle()
    assert desk.ask("dev").remember not in (got.remember, None)


def test_a_session_that_expires_at_once_is_an_error(desk, aws):
    """If this machine's clock says that a new session has expired, nothing is printed that an SDK would refuse."""
    aws.faults.add("AssumeRole", "past-expiry", times=None)
    with pytest.raises(errors.Unreachable):
        desk.ask("dev")


def test_two_vaults_share_no_session(desk, aws, home, tmp_path):
    """Another vault with the same key and config opens none of this vault's sessions."""
    from tests.home import Home
    from tests.unit.conftest import Desk

    desk.ask("dev")
    other = Home(tmp_path / "other", url=aws.url)
    other.scenario()
    other.make_vault()
    aws.world.clock.advance(60)
    Desk(other, aws).ask("dev")
    assert aws.calls.count("GetSessionToken", result="ok") == 2


def test_an_answer_for_another_role_is_refused(desk, aws):
    """An endpoint that answers for another role or account is not believed."""
    aws.faults.add("AssumeRole", "wrong-account", times=None)
    with pytest.raises(errors.Unreachable, match="cannot be from AWS"):
        desk.ask("dev")


def test_any_damage_to_cache_files_is_a_miss(desk, aws, home):
    """Emptied, overwritten or zeroed entries cost calls to AWS and never an error."""
    import os

    for damage in (b"", b"garbage", bytes(4096)):
        desk.ask("dev")
        folder = home.file("sessions")
        for name in os.listdir(folder):
            if not name.endswith(".lock"):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(damage)
        aws.calls.clear()
        desk.ask("dev")
        assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
