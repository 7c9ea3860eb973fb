"""Profiles with IAM Identity Center's keys: what makes them a source, what is missing, what contradicts."""

import pytest

from tests.unit.profiles.files import KEYS, chain_of
from vault import errors
from vault.profiles.chain import Process, Sso, StaticKeys
from vault.profiles.resolve import check


class TestIdentityCenter:
    """A profile with Identity Center's keys never counts as a vault key."""

    SESSION = "[sso-session s]\nsso_region = us-east-1\nsso_start_url = u\n"
    ROLE = "sso_account_id = 111111111111\nsso_role_name = r\n"

    @pytest.mark.parametrize("entries", [(), None])
    @pytest.mark.parametrize("prefix", ["", "awsvault_"])
    def test_a_session_alone(self, entries, prefix):
        """It is a source of Identity Center; its missing keys are an error before any call, with the line."""
        chain = chain_of("a", f"[profile a]\n{prefix}sso_session = s\n{self.SESSION}", entries=entries)
        assert isinstance(chain.source, Sso)
        assert (chain.source.session, chain.source.account_id, chain.source.role_name) == ("s", None, None)
        with pytest.raises(errors.ConfigError, match=r"config:2: .* lacks sso_account_id, sso_role_name"):
            check(chain)

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ("sso_session = gone\n", r"config:2: there is no \[sso-session gone\]"),
            ("sso_session = s\nsso_region = eu-west-1\n", "config:3: sso_region is 'eu-west-1' here, but 'us-east-1'"),
            ("sso_session = s\nsso_start_url = x\n", "config:3: sso_start_url is 'x' here, but 'u'"),
            ("sso_start_url = u\n", "config:2: .* lacks sso_account_id, sso_role_name, sso_region"),
            ("sso_region = us-east-1\n", "config:2: .* lacks sso_account_id, sso_role_name, sso_start_url"),
            ("sso_role_name = r\nsso_session = s\n", "config:3: .* lacks sso_account_id"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("entries", [(), None])
    @pytest.mark.parametrize("own", ["", "credential_process = awsvault-py export a\n"])
    def test_invalid_profiles(self, lines, said, entries, own):
        """Contradicting values, a missing section, a missing key: an error with the line, as in the SDKs."""
        if own and entries is None and "sso_session" not in lines and "sso_role" not in lines:
            return  # an address alone beside our own call says nothing about where the credentials come from
        with pytest.raises(errors.ConfigError, match=said):
            check(chain_of("a", f"[profile a]\n{lines}{own}{self.SESSION}", entries=entries))

    @pytest.mark.parametrize("prefix", ["", "awsvault_"])
    def test_it_wins_over_an_assumed_key(self, prefix):
        """Beside awsvault-py's own command: the lines are known, the vault's entries are not."""
        role = self.ROLE.replace("sso_", f"{prefix}sso_")
        text = f"[profile a]\ncredential_process = awsvault-py export a\n{prefix}sso_session = s\n{role}{self.SESSION}"
        assert isinstance(chain_of("a", text, entries=None).source, Sso)
        assert isinstance(chain_of("a", text, entries=()).source, Sso)

    @pytest.mark.parametrize(
        "lines", [ROLE + "sso_session = s\n", "sso_session = s\n", "awsvault_sso_session = s\n"]
    )
    def test_vault_key_with_the_same_name_is_an_error(self, lines):
        """Only the user knows which of the two sources is meant."""
        with pytest.raises(
            errors.ConfigError, match=r"config:\d: profile a has \w+, but the vault has a key"
        ):
            chain_of("a", f"[profile a]\n{lines}{self.SESSION}", entries=("a",))

    def test_awsvault_credential_beside_it(self):
        """With a session for tokens the key is the source; with a role of Identity Center it is an error."""
        text = f"[profile a]\nawsvault_credential = k\nsso_session = s\n{self.SESSION}"
        for entries in (("k",), None):
            assert chain_of("a", text, entries=entries).source.entry == "k"
            with pytest.raises(
                errors.ConfigError,
                match="config:4: profile a has sso_account_id, but also awsvault_credential",
            ):
                chain_of("a", text.replace("[sso-session", f"{self.ROLE}[sso-session"), entries=entries)

    def test_a_session_for_tokens_beside_another_source(self):
        """Without a role it gives no credentials, so the other source counts, as in botocore."""
        text = f"[profile a]\nsso_session = s\ncredential_process = tool\n{self.SESSION}"
        assert isinstance(chain_of("a", text).source, Process)
        assert isinstance(
            chain_of("a", f"[profile a]\nsso_session = s\n{self.SESSION}", f"[a]\n{KEYS}").source, StaticKeys
        )

    def test_an_sdk_finds_nothing_in_a_session_alone(self):
        """For AWS's tools, such a profile has no credentials."""
        with pytest.raises(errors.ConfigError, match="lacks sso_account_id"):
            chain_of("a", f"[profile a]\nsso_session = s\n{self.SESSION}", as_sdk=True)
