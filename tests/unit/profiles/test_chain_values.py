"""The values of a chain: shapes that AWS would refuse, regions and endpoints of each link, guard rails."""

import pytest

from tests.unit.profiles.files import DEV, PROD, SCENARIO, chain_of
from vault import errors
from vault.profiles.chain import Guardrails
from vault.profiles.resolve import check

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"


class TestFaults:
    """Shapes that AWS would refuse: the chain can be shown, and ``check`` stops before a call."""

    @pytest.mark.parametrize(
        "change",
        [
            "role_arn = arn:aws:iam:222222222222:role/R",
            "role_arn = arn:aws:iam::22222222222:role/R",
            "role_arn = arn:aws:iam::222222222222:user/R",
            "role_arn = arn:aws:iam::222222222222:role/",
            "role_arn = R",
            "role_session_name = a b",
            "role_session_name = x",
            "external_id = x",
            "external_id = a'b",
            "mfa_serial = short",
            "mfa_serial = mfa/yourself",
            "mfa_serial = arn:aws:iam::111111111111:u2f/user/yourself/key",
            "source_identity = né",
            "session_tags = " + ",".join(f"k{n}=v" for n in range(51)),
            "session_tags = k=" + "v" * 257,
            "session_tags = a=1\ntransitive_session_tags = b",
            "awsvault_role_arm = x",
        ],
    )
    def test_fault(self, change):
        """Named with its line; the rest of the chain is as written."""
        text = f"[profile a]\ncredential_source = Environment\nrole_arn = {DEV}\n{change}\n"
        if change.startswith("role_arn"):
            text = f"[profile a]\ncredential_source = Environment\n\n{change}\n"
        chain = chain_of("a", text)
        with pytest.raises(errors.ConfigError, match=r"config:[45]: "):
            check(chain)

    @pytest.mark.parametrize("where", ["a", "k"])
    def test_a_security_key(self, where):
        """STS takes no code from it, for the role or for the key's session: the line, and a second device as the way out."""
        line = "mfa_serial = arn:aws:iam::111111111111:u2f/user/yourself/key-ABCDEFGHIJ\n"
        text = f"[profile k]\nawsvault_credential = my-key\n{line if where == 'k' else ''}"
        text += f"[profile a]\nsource_profile = k\nrole_arn = {DEV}\n{line if where == 'a' else ''}"
        with pytest.raises(errors.ConfigError, match=r"config:[36]: .*FIDO security key") as raised:
            check(chain_of("a", text))
        assert "awsvault-py mfa enroll my-key" in raised.value.hint

    def test_no_fault(self):
        """What AWS takes is no fault: paths, all partitions, hardware devices, long ids."""
        text = (
            "[profile a]\ncredential_source = Environment\nrole_arn = arn:aws-us-gov:iam::222222222222:role/team/R+=,.@-_\n"
            "mfa_serial = GAHT12345678\nexternal_id = a:b/c@d=e,f+g.h-i\nsession_tags = Team=A b, Cost = 1\n"
            "transitive_session_tags = Cost\nsource_identity = me@example.com\nrole_session_name = me\n"
        )
        chain = chain_of("a", text)
        check(chain)
        assert chain.hops[0].session_tags == (("Team", "A b"), ("Cost", "1"))
        assert chain.hops[0].transitive_tag_keys == ("Cost",)

    @pytest.mark.parametrize("value", ["a", "=b", "a=1, a=2"])
    def test_broken_tags(self, value):
        """Tags that are no pairs are a broken value, not a shape."""
        with pytest.raises(errors.ConfigError, match="config:4: session_tags"):
            chain_of(
                "a",
                f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\nsession_tags = {value}\n",
            )


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

    def test_else_the_next_one_up(self):
        """Without one, the next profile's up to the selected."""
        assert self.regions("eu-west-1") == ("eu-west-1", ["eu-west-1"] * 2, "eu-west-1")
        assert self.regions("eu-west-1", "eu-west-2") == (
            "eu-west-1",
            ["eu-west-2", "eu-west-1"],
            "eu-west-2",
        )

    def test_else_the_environments(self):
        """Then the variables, then the partition's own; the caller's own region is the variable's first."""
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
        """A role of another partition is asked for there where nobody names a region."""
        text = f"[profile a]\nrole_arn = arn:{partition}:iam::222222222222:role/R\ncredential_source = Environment\n"
        chain = chain_of("a", text)
        assert (chain.region, chain.hops[0].endpoint.region, chain.hops[0].endpoint.partition) == (
            region, region, partition
        )  # fmt: skip

    def test_endpoint_is_the_selected_profiles(self):
        """A configured URL holds for every link, and only where the selected profile has it."""
        text = self.TEXT.format(
            a="endpoint_url = http://localhost:1\n", b="endpoint_url = http://localhost:2\n", c=""
        )
        urls = {hop.endpoint.url for hop in chain_of("a", text).hops}
        assert urls == {"http://localhost:1"}


class TestRails:
    def test_strictest(self):
        """The rails of a chain are the strictest of its profiles; the environment is the selected one's."""
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
        """Without settings nothing is asked."""
        assert chain_of("dev", SCENARIO, entries=("shared-services",)).guardrails == Guardrails()
