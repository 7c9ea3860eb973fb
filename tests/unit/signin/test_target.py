"""From a name on the command line to a place: sections, profiles, and their services."""

from __future__ import annotations

import pytest

from tests.signins import START_URL, config, place
from vault import errors
from vault.signin import target
from vault.signin.record import SignInPlace


def of(bare, name, text=None):
    if text is not None:
        bare.home.config(text)
    return target.of_name(bare.context(), bare.config, name)


def test_a_section_and_its_profile_are_one_place(bare):
    """With the section's scopes."""
    found = of(bare, "corp")
    assert found.place == place() == of(bare, "dev").place
    assert found.scopes == of(bare, "dev").scopes == ("sso:account:access",)


def test_a_profile_of_the_older_form_is_its_start_url(bare):
    """It asks for the scope that gives a refresh token, too."""
    found = of(bare, "older")
    assert (found.place, found.scopes) == (place(None), target.SCOPES)
    assert found.place.name == START_URL


@pytest.mark.parametrize(("profile", "names"), [("dev", ("dev", "corp")), ("older", ("older",))])
def test_the_ca_bundle_of_a_profile_is_that_of_its_sign_in(bare, profile, names):
    """Of both services, for the section too: the hint of an export names that. A network that inspects TLS needs it."""
    bare.home.config(
        config().replace(f"[profile {profile}]", f"[profile {profile}]\nca_bundle = /company.pem")
    )
    for found in (*(of(bare, name) for name in names), of_stored(bare, profile)):
        assert [one.ca_bundle.value for one in (found.oidc, found.portal)] == ["/company.pem"] * 2


def of_stored(bare, name):
    """As logout finds it."""
    return target.of_place(bare.context(), bare.config, of(bare, name).place)


def test_a_broken_profile_and_one_of_another_place_give_no_ca_bundle(bare):
    text = config().replace("[profile older]", "[profile older]\nca_bundle = /company.pem")
    found = of(bare, "corp", "[profile loop]\ninclude_profile = loop\n" + text)
    assert found.oidc.ca_bundle is None


def test_without_a_name_the_only_section_is_meant(bare):
    assert of(bare, None).place == place()


@pytest.mark.parametrize("text", ["", "[sso-session a]\nx = 1\n[sso-session b]\nx = 1\n"])
def test_without_a_name_one_section_must_be_there(bare, text):
    with pytest.raises(errors.Usage):
        of(bare, None, text)


def test_scopes_are_separated_by_commas(bare):
    text = config().replace("sso:account:access", "sso:account:access, codewhisperer:analysis")
    assert of(bare, "corp", text).scopes == ("sso:account:access", "codewhisperer:analysis")


@pytest.mark.parametrize("region", ["evil.example/", "us-east-1.", "a b"])
def test_a_region_never_becomes_another_host(bare, region):
    with pytest.raises(errors.ConfigError, match="not a valid region"):
        of(bare, "corp", config().replace("sso_region = us-east-1", f"sso_region = {region}"))


def test_a_misspelled_name_gets_a_suggestion(bare):
    with pytest.raises(errors.NotFound) as found:
        of(bare, "crop")
    assert "corp" in found.value.hint


def test_services_are_awss_own_without_a_configured_endpoint(bare):
    """In the region of the place."""
    context = bare.context(AWS_ENDPOINT_URL=None)
    found = target.of_place(context, bare.config, place(region="eu-west-1"))
    assert found.oidc.url == "https://oidc.eu-west-1.amazonaws.com"
    assert found.portal.url == "https://portal.sso.eu-west-1.amazonaws.com"
    assert (found.oidc.foreign_host(), found.portal.foreign_host()) == (None, None)


def test_an_endpoint_of_the_sign_in_alone_is_used_and_named(bare):
    """By its variable."""
    context = bare.context(AWS_ENDPOINT_URL_SSO_OIDC="http://127.0.0.1:1")
    found = target.of_name(context, bare.config, "dev")
    assert (found.oidc.url, found.oidc.place) == ("http://127.0.0.1:1", "AWS_ENDPOINT_URL_SSO_OIDC")
    assert found.portal.url == bare.aws.url


def test_the_region_is_compared_in_lower_case(bare):
    bare.home.config(config().replace("us-east-1", "US-EAST-1"))
    assert SignInPlace.of(bare.source()) == of(bare, "corp").place == place()
