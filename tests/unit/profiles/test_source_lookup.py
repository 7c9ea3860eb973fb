"""Which of several sources of one profile counts."""

import pytest

from tests.unit.profiles.files import DEV, KEYS, chain_of
from vault import errors
from vault.profiles.chain import Login, Process, Sso, StaticKeys, WebIdentity


class TestOrder:
    """Of several sources in one profile, the one that AWS's tools use."""

    WEB = f"web_identity_token_file = /t\nrole_arn = {DEV}\n"
    SSO = "sso_account_id = 1\nsso_role_name = r\nsso_region = us-east-1\nsso_start_url = u\n"
    PROCESS = "credential_process = tool\n"
    LOGIN = "login_session = l\n"

    @pytest.mark.parametrize(
        ("config", "credentials", "kind"),
        [
            (WEB + SSO + PROCESS + KEYS, KEYS, WebIdentity),
            (SSO + LOGIN + PROCESS + KEYS, KEYS, Sso),
            (LOGIN + PROCESS + KEYS, KEYS, StaticKeys),
            (LOGIN + PROCESS + KEYS, "", Login),
            (PROCESS + KEYS, "", Process),
            (KEYS, "", StaticKeys),
        ],
    )
    def test_order(self, config, credentials, kind):
        """Web identity, Identity Center, keys of the credentials file, aws login, credential_process, keys of the config file."""
        chain = chain_of("a", "[profile a]\n" + config, f"[a]\n{credentials}" if credentials else "")
        assert isinstance(chain.source, kind)
        assert chain.hops == ()

    def test_role_beats_own_process(self):
        """role_arn beside a process and without a source is an error, as in botocore and the Rust SDK."""
        with pytest.raises(errors.ConfigError, match="neither source_profile nor credential_source"):
            chain_of("a", f"[profile a]\nrole_arn = {DEV}\n{self.PROCESS}")

    def test_keys_of_one_file(self):
        """Both halves of a key come from one file; half a key is an error."""
        half, other, _ = KEYS.split("\n")
        with pytest.raises(errors.ConfigError, match=r"credentials:2: .* without aws_secret_access_key"):
            chain_of("a", f"[profile a]\n{KEYS}", f"[a]\n{half}\n")
        with pytest.raises(
            errors.ConfigError, match=r"config:2: .* aws_secret_access_key without aws_access_key_id"
        ):
            chain_of("a", f"[profile a]\n{other}\n")

    def test_token_and_account(self):
        """A key's session token, also by its old name, and its account."""
        chain = chain_of("a", "", f"[a]\n{KEYS}aws_security_token = t\naws_account_id = 111111111111\n")
        assert (chain.source.token.reveal_text(), chain.source.account_id) == ("t", "111111111111")

    def test_token_process(self):
        """A token's command takes the place of its file; the profile's role is then the web identity's."""
        chain = chain_of("a", f"[profile a]\nrole_arn = {DEV}\nweb_identity_token_process = tool\n")
        assert (chain.source.token_process, chain.source.token_file, chain.hops) == ("tool", None, ())

    @pytest.mark.parametrize(
        "key", ["role_arn", "web_identity_token_file", "sso_role_name", "credential_source"]
    )
    def test_prefix_is_read(self, key):
        """A key with the prefix decides as the plain one does."""
        text = (
            f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\n"
            f"[profile b]\nrole_arn = {DEV}\nweb_identity_token_file = /t\n"
            f"[profile c]\n{self.SSO}"
        )
        for name in "abc":
            plain, prefixed = (
                chain_of(name, text),
                chain_of(name, text.replace(f"\n{key}", f"\nawsvault_{key}")),
            )
            assert type(plain.source) is type(prefixed.source)
            assert [hop.role_arn for hop in plain.hops] == [hop.role_arn for hop in prefixed.hops]
