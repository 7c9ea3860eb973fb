"""Which values of awsvault_environment mean production."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import chain_of
from vault.profiles.production import is_production, means_production


@pytest.mark.parametrize("value", ["production", "prod", "PROD", " Production "])
def test_production_in_any_case(value):
    """Spaces around it do not count."""
    assert means_production(value)


@pytest.mark.parametrize("value", [None, "", "staging", "preprod", "production-eu", "non production"])
def test_other_environments_are_not_production(value):
    """A value that only contains the word is another environment."""
    assert not means_production(value)


def test_only_the_selected_profile_decides():
    """The environment of a source profile does not mark the profiles that use it."""
    text = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = b\n{}[profile b]\nawsvault_environment = production\n"
    assert not is_production(chain_of("a", text.format(""), entries={"b"}))
    assert is_production(chain_of("a", text.format("awsvault_environment = prod\n"), entries={"b"}))
