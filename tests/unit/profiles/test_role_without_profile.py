"""A role without a profile: the chain of the profile that assumes it and then the role, under every guard rail of that role."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import DEV, PROD, SCENARIO, USER, config_of
from vault import errors
from vault.profiles.chain import VaultKey
from vault.profiles.resolve import check, resolve
from vault.profiles.role_without_profile import chain_of_role, profiles_with

ROLE = "arn:aws:iam::222222222222:role/NoProfile"
PLAIN = "[profile base]\nregion = eu-west-1\nawsvault_credential = base\n"


def chain(text, arn=ROLE, source="base", env=None, **more):
    return chain_of_role(config_of(text), arn, source=source, env=env or {}, **more)


def test_the_chain_is_the_sources_and_then_the_role():
    """The key and its MFA device are those of the source, and the role has only its ARN."""
    found = chain(SCENARIO, source="shared-services", has_entry=["shared-services"].__contains__)
    assert isinstance(found.source, VaultKey)
    assert found.source.entry == "shared-services"
    assert found.mfa_serial == USER
    assert found.path == (ROLE, "shared-services")
    (hop,) = found.hops
    assert (hop.role_arn, hop.external_id, hop.mfa_serial, hop.duration_seconds) == (ROLE, None, None, None)


def test_a_source_with_a_role_gives_two_hops():
    """The role is assumed by the role of the source, whose external ID is its own."""
    text = SCENARIO.replace("[profile dev]\n", "[profile dev]\nexternal_id = for-dev-only\n")
    found = chain(text, source="dev", has_entry=["shared-services"].__contains__)
    assert [(hop.role_arn, hop.external_id) for hop in found.hops] == [(DEV, "for-dev-only"), (ROLE, None)]


def test_the_region_and_the_endpoints_are_the_sources():
    """A role without a profile has nobody else who could say so. The environment comes first for the region, as always."""
    text = PLAIN + "endpoint_url = http://127.0.0.1:1\nca_bundle = /ca.pem\n"
    found = chain(text)
    assert (found.region, found.hops[0].endpoint.region) == ("eu-west-1", "eu-west-1")
    assert found.hops[0].endpoint.url == "http://127.0.0.1:1"
    assert str(found.hops[0].endpoint.url_origin).endswith("config:4")
    assert found.ca_bundle.value == "/ca.pem"
    assert chain(text, env={"AWS_REGION": "eu-north-1"}).region == "eu-north-1"


def test_a_vault_entry_alone_is_a_source():
    """As for source_profile: no file has to have it."""
    found = chain("", source="only-in-vault", has_entry=["only-in-vault"].__contains__)
    assert found.entry == "only-in-vault"


def test_a_source_that_does_not_exist_is_named():
    """With the profile that was probably meant."""
    with pytest.raises(errors.NotFound) as caught:
        chain(PLAIN, source="bsae")
    assert "--source" in caught.value.message
    assert caught.value.hint == "did you mean base?"


@pytest.mark.parametrize("key", ["role_arn", "awsvault_role_arn"])
def test_the_guard_rails_of_every_profile_with_the_role_apply(key):
    """In either spelling; of each rail the strictest, together with those of the source."""
    found = chain(
        f"{PLAIN}awsvault_max_duration = 2h\nawsvault_confirm = session\n"
        f"[profile a]\n{key} = {ROLE}\nsource_profile = base\nawsvault_confirm = always\nawsvault_max_duration = 4h\n"
        f"[profile b]\n{key} = {ROLE}\nsource_profile = base\nawsvault_read_only = on\nawsvault_environment = production\n"
        f"[profile c]\n{key} = {PROD}\nsource_profile = base\nawsvault_max_duration = 15m\n"
    ).guardrails
    assert (found.confirm, found.max_duration, found.read_only) == ("always", 7200, True)
    assert found.environment == "production"


@pytest.mark.parametrize(
    "rail", ["awsvault_read_only = on", "awsvault_confirm = always", "awsvault_max_duration = 15m"]
)
def test_a_guard_rail_that_a_profile_with_the_role_inherits_applies(rail):
    """From any profile on its way to the key: --source takes another way, and must not lead around it."""
    found = chain(
        f"{PLAIN}[profile far]\nawsvault_role_arn = {DEV}\nawsvault_source_profile = base\n{rail}\n"
        f"[profile mid]\nawsvault_role_arn = {PROD}\nawsvault_source_profile = far\n"
        f"[profile a]\nawsvault_role_arn = {ROLE}\nawsvault_source_profile = mid\n"
    ).guardrails
    far = chain(f"{PLAIN}{rail}\n").guardrails
    assert found == far
    assert found != chain(PLAIN).guardrails


def test_the_environment_is_not_inherited_from_there():
    """It applies to the profile alone."""
    text = f"{PLAIN}[profile mid]\nawsvault_credential = base\nawsvault_environment = production\n"
    assert (
        chain(f"{text}[profile a]\nrole_arn = {ROLE}\nsource_profile = mid\n").guardrails.environment is None
    )


@pytest.mark.parametrize("end", ["source_profile = nobody", "source_profile = a", "mfa_serial = x"])
def test_a_path_that_cannot_be_resolved_guards_as_far_as_it_goes(end):
    """The profile's own guard rails and those of the profiles up to the error."""
    found = chain(
        f"{PLAIN}[profile mid]\nawsvault_role_arn = {DEV}\n{end}\nawsvault_read_only = on\n"
        f"[profile a]\nrole_arn = {ROLE}\nsource_profile = mid\nawsvault_confirm = always\n"
    ).guardrails
    assert (found.read_only, found.confirm) == (True, "always")


def test_a_misspelled_rail_on_that_path_is_an_error():
    """It would not be kept otherwise."""
    text = f"{PLAIN}[profile mid]\nawsvault_credential = base\nawsvault_confrim = always\n"
    with pytest.raises(errors.ConfigError, match="awsvault_confrim"):
        check(chain(f"{text}[profile a]\nrole_arn = {ROLE}\nsource_profile = mid\n"))


def test_a_profile_with_the_arn_as_its_name_guards():
    """The chain's own profile, which no file has, does not hide it."""
    text = f"{PLAIN}[profile {ROLE}]\nrole_arn = {ROLE}\nsource_profile = base\nawsvault_read_only = on\n"
    assert chain(text).guardrails.read_only


def test_the_other_spelling_hides_no_guard_rail():
    """A profile with both keys counts for both roles: SDKs read the one, awsvault-py the other."""
    text = f"[profile a]\nrole_arn = {ROLE}\nawsvault_role_arn = {DEV}\nawsvault_confirm = always\n"
    for arn in (ROLE, DEV):
        assert chain(PLAIN + text, arn=arn).guardrails.confirm == "always"


def test_a_role_that_is_included_counts():
    """include_profile brings the role, and the rail."""
    text = f"[profile shared]\nrole_arn = {ROLE}\nawsvault_read_only = on\n[profile a]\ninclude_profile = shared\n"
    assert [profile.name for profile in profiles_with(config_of(text), ROLE)] == ["shared", "a"]
    assert chain(PLAIN + text).guardrails.read_only


@pytest.mark.parametrize("arn", [ROLE.upper().replace("ARN:AWS:IAM", "arn:aws:iam"), ROLE.swapcase()])
def test_capital_letters_do_not_lead_around_a_guard_rail(arn):
    """Whatever AWS makes of them."""
    assert (
        chain(f"{PLAIN}[profile a]\nrole_arn = {arn}\nawsvault_confirm = always\n").guardrails.confirm
        == "always"
    )


def test_without_a_guard_rail_there_is_none():
    """The rails of a profile that is neither the source nor has the role do not count."""
    text = f"{PLAIN}[profile a]\nrole_arn = {DEV}\nawsvault_confirm = always\nawsvault_read_only = on\n"
    assert chain(text).guardrails == resolve(config_of(PLAIN), "base", env={}).guardrails


@pytest.mark.parametrize(
    "line", ["awsvault_confirm = maybe", "awsvault_max_duration = long", "include_profile = nobody"]
)
def test_a_rail_that_cannot_be_read_is_an_error(line):
    """Otherwise the ARN would lead around it."""
    with pytest.raises(errors.ConfigError):
        chain(f"{PLAIN}[profile a]\nrole_arn = {ROLE}\n{line}\n")


def test_a_misspelled_rail_of_such_a_profile_is_an_error():
    """As in a profile of the chain itself."""
    found = chain(f"{PLAIN}[profile a]\nrole_arn = {ROLE}\nawsvault_confrim = always\n")
    with pytest.raises(errors.ConfigError, match="awsvault_confrim"):
        check(found)
