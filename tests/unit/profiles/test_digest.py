"""The digest of a link: what changes it, and what does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.profiles.files import DEV, PROD, SCENARIO, USER, Durations, chain_of
from vault.profiles.digest import canonical, digest
from vault.profiles.plan import plan

VAULT = bytes(16)


class TestDigest:
    def digests(
        self,
        name,
        config=SCENARIO,
        *,
        key="AKIAIOSFODNN7EXAMPLE",
        env=None,
        vault=VAULT,
        lengths=None,
        **more,
    ):
        chain = chain_of(name, config, entries=("shared-services",), env=env)
        links = plan(chain, Durations(**(lengths or {})), **more).links
        return [
            digest(chain.source, links[: at + 1], vault_id=vault, access_key_id=key)
            for at in range(len(links))
        ]

    def test_shared_link_has_one_digest(self):
        """Two roles of one key share the session's digest and nothing else."""
        dev, prod = self.digests("dev"), self.digests("prod")
        assert dev[0] == prod[0] == self.digests("shared-services")[0]
        assert dev[1] != prod[1]
        assert all(len(found) == 32 for found in dev)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (DEV, PROD),
            ("region = us-west-2", "region = us-west-1"),
            ("region = us-west-2", "external_id = abc"),
            ("region = us-west-2", "role_session_name = abc"),
            ("region = us-west-2", "duration_seconds = 1800"),
            ("region = us-west-2", "source_identity = abc"),
            ("region = us-west-2", "session_tags = a=b"),
            ("region = us-west-2", "session_tags = a=b\ntransitive_session_tags = a"),
            ("region = us-west-2", "endpoint_url = http://localhost:1"),
            ("region = us-west-2", "sts_regional_endpoints = legacy"),
            ("region = us-west-2", "awsvault_read_only = true"),
            ("export shared-services\nmfa_serial", "export shared-services\nregion = us-east-2\nmfa_serial"),
        ],
    )
    def test_each_value_counts(self, old, new):
        """Any change to what decides a role's session gives another digest."""
        assert old in SCENARIO
        changed = self.digests("dev", SCENARIO.replace(old, new))
        assert changed[-1] != self.digests("dev")[-1]

    @pytest.mark.parametrize(
        "more",
        [
            {"key": "AKIAI44QH8DHBEXAMPLE"},
            {"vault": bytes(15) + b"\1"},
            {"lengths": {"session_duration": 3600}},
            {"lengths": {"role_duration": 1800}},
            {"session": False},
            {"duration": 900},
            {"env": {"AWS_ENDPOINT_URL": "http://localhost:1"}},
            {"env": {"AWS_USE_FIPS_ENDPOINT": "true"}},
            {"entry_mfa_serial": None, "config": SCENARIO.replace(f"mfa_serial = {USER}\n", "")},
        ],
    )
    def test_each_argument_counts(self, more):
        """Another key, vault, duration, endpoint or device gives another digest too."""
        assert self.digests("dev", **more)[-1] != self.digests("dev")[-1]

    def test_nothing_else_counts(self):
        """Neither a value's place nor the profile's name changes it."""
        text = "# moved\n\n" + SCENARIO.replace("dev", "developer")
        assert self.digests("developer", text) == self.digests("dev")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=8,
        )
    )
    def test_canonical_is_json(self, value):
        """The hashed text is JSON as Python's own encoder writes it, with sorted keys."""
        assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
