"""Regions and endpoints of each link, guard rails, and which line decides about the key's session."""

import pytest

from tests.unit.profiles.files import DEV, KEYS, PROD, SCENARIO, chain_of
from vault.profiles.chain import Guardrails


class TestRegions:
    TEXT = (
        f"[profile a]\nrole_arn = {DEV}\nsource_profile = b\n{{a}}"
        f"[profile b]\nrole_arn = {PROD}\nsource_profile = c\n{{b}}[profile c]\n{KEYS}{{c}}"
    )

    def regions(self, a="", b="", c="", env=None):
        written = {k: f"region = {v}\n" if v else "" for k, v in {"a": a, "b": b, "c": c}.items()}
        chain = chain_of("a", self.TEXT.format(**written), env=env)
        return chain.region, [hop.endpoint.region for hop in chain.hops], chain.source_endpoint.region

    def test_each_link_has_its_profiles_own(self):
        """A link's region is that of the profile that defines it."""
        assert self.regions("eu-west-1", "eu-west-2", "eu-west-3") == (
            "eu-west-1", ["eu-west-2", "eu-west-1"], "eu-west-3"
        )  # fmt: skip

    def test_otherwise_the_next_profile_up(self):
        """Up to the selected profile."""
        assert self.regions("eu-west-1") == ("eu-west-1", ["eu-west-1"] * 2, "eu-west-1")
        assert self.regions("eu-west-1", "eu-west-2") == (
            "eu-west-1",
            ["eu-west-2", "eu-west-1"],
            "eu-west-2",
        )

    def test_otherwise_the_environment(self):
        """Then the partition's default. For the caller's own region, the variable comes first."""
        env = {"AWS_DEFAULT_REGION": "ca-central-1"}
        assert self.regions(env=env) == ("ca-central-1", ["ca-central-1"] * 2, "ca-central-1")
        env["AWS_REGION"] = "sa-east-1"
        assert self.regions("eu-west-1", env=env)[:2] == ("sa-east-1", ["eu-west-1"] * 2)
        assert self.regions()[0] == "us-east-1"

    @pytest.mark.parametrize(
        ("partition", "region"),
        [("aws-cn", "cn-northwest-1"), ("aws-us-gov", "us-gov-west-1"), ("aws", "us-east-1")],
    )
    def test_partition(self, partition, region):
        """Without any region, a role of another partition is assumed in that partition."""
        text = f"[profile a]\nrole_arn = arn:{partition}:iam::222222222222:role/R\ncredential_source = Environment\n"
        chain = chain_of("a", text)
        assert (chain.region, chain.hops[0].endpoint.region, chain.hops[0].endpoint.partition) == (
            region, region, partition
        )  # fmt: skip

    def test_endpoint_is_the_selected_profiles(self):
        """A configured URL applies to every link, and only if the selected profile has it."""
        text = self.TEXT.format(
            a="endpoint_url = http://localhost:1\n", b="endpoint_url = http://localhost:2\n", c=""
        )
        urls = {hop.endpoint.url for hop in chain_of("a", text).hops}
        assert urls == {"http://localhost:1"}


class TestRails:
    def test_strictest(self):
        """The guard rails of a chain are the strictest of its profiles; the environment is the selected profile's."""
        text = SCENARIO.replace(
            "[profile dev]\n", "[profile dev]\nawsvault_environment = test\nawsvault_max_duration = 2h\n"
        )
        text = text.replace(
            "[profile shared-services]\n",
            "[profile shared-services]\nawsvault_max_duration = 900\nawsvault_environment = key\n",
        )
        chain = chain_of("dev", text, entries=("shared-services",))
        assert (chain.guardrails.max_duration, chain.guardrails.environment) == (900, "test")
        assert chain.hops[0].guardrails.max_duration == 7200

    def test_none(self):
        """Without settings there are no guard rails."""
        assert chain_of("dev", SCENARIO, entries=("shared-services",)).guardrails == Guardrails()


@pytest.mark.parametrize(
    ("asked", "between", "source", "session", "line"),
    [
        ("", "", "", True, None),
        ("off", "", "", False, 2),
        ("", "off", "", False, 2),
        ("", "", "off", False, 2),
        ("off", "", "on", False, 2),
        ("on", "", "off", True, 2),
        ("", "on", "off", True, 2),
        ("on", "off", "off", True, 2),
    ],
)
def test_the_nearest_line_decides_whether_a_session_is_made(asked, between, source, session, line):
    """The requested profile, those between and the source can say; the line nearest to the requested profile counts."""
    lines = {"a": asked, "b": between, "k": source}
    text = "".join(
        f"[profile {name}]\n" + (f"awsvault_session = {value}\n" if value else "") + rest
        for (name, value), rest in zip(
            lines.items(),
            (f"role_arn = {PROD}\nsource_profile = b\n", f"role_arn = {DEV}\nsource_profile = k\n", ""),
            strict=True,
        )
    )
    chain = chain_of("a", text, entries=("k",))
    assert chain.session is session
    decided = next((name for name, value in lines.items() if value), None)
    expected = text.splitlines().index(f"[profile {decided}]") + line if decided else None
    assert (chain.session_origin.line if chain.session_origin is not None else None) == expected


def test_a_command_between_decides_too():
    """--no-session in the command of a profile that is followed counts as well."""
    text = (
        f"[profile a]\nrole_arn = {PROD}\nsource_profile = b\n"
        "[profile b]\ncredential_process = awsvault-py export --no-session k\n[profile k]\n"
    )
    chain = chain_of("a", text, entries=("k",))
    assert (chain.session, chain.session_origin.line) == (False, 5)
    assert chain_of("b", text, entries=("k",)).session  # asked for itself, without the option


def test_the_nearest_line_decides_how_long_it_lasts():
    """awsvault_session_duration of the requested profile comes before the source's."""
    text = SCENARIO.replace("region = us-east-1\n", "awsvault_session_duration = 4h\n")
    text = text.replace("region = us-west-2\n", "awsvault_session_duration = 1h\n")
    assert chain_of("dev", text, entries=("shared-services",)).session_duration == 3600
    assert chain_of("prod", text, entries=("shared-services",)).session_duration == 14_400
