"""Values that AWS would refuse: ``explain`` can show the chain, and ``check`` stops before a call."""

import pytest

from tests.unit.profiles.files import DEV, chain_of
from vault import errors
from vault.profiles.resolve import check


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
        """Each has its line; the rest of the chain is as in the file."""
        text = f"[profile a]\ncredential_source = Environment\nrole_arn = {DEV}\n{change}\n"
        if change.startswith("role_arn"):
            text = f"[profile a]\ncredential_source = Environment\n\n{change}\n"
        chain = chain_of("a", text)
        with pytest.raises(errors.ConfigError, match=r"config:[45]: "):
            check(chain)

    @pytest.mark.parametrize("where", ["a", "k"])
    def test_security_key(self, where):
        """It has no codes for the role or the key's session: the error has the line, the hint a second device."""
        line = "mfa_serial = arn:aws:iam::111111111111:u2f/user/yourself/key-ABCDEFGHIJ\n"
        text = f"[profile k]\nawsvault_credential = my-key\n{line if where == 'k' else ''}"
        text += f"[profile a]\nsource_profile = k\nrole_arn = {DEV}\n{line if where == 'a' else ''}"
        with pytest.raises(errors.ConfigError, match=r"config:[36]: .*FIDO security key") as raised:
            check(chain_of("a", text))
        assert "awsvault-py mfa enroll my-key" in raised.value.hint

    def test_no_fault(self):
        """What AWS accepts is no fault: paths, all partitions, hardware devices, long IDs."""
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
        """Tags that are not pairs are an error, not a fault."""
        with pytest.raises(errors.ConfigError, match="config:4: session_tags"):
            chain_of(
                "a",
                f"[profile a]\nrole_arn = {DEV}\ncredential_source = Environment\nsession_tags = {value}\n",
            )
