"""Credentials that `aws login` caches."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.unit.aws.provider_context import GOOD, context, source_of
from vault import errors
from vault.aws import providers


class TestLogin:
    def test_cached_credentials(self, tmp_path):
        """The cached credentials are used while they are valid; after that the error names the command to run."""
        source = source_of("[profile a]\nlogin_session = arn:aws:sts::111111111111:user\n")
        with pytest.raises(errors.Refused, match="not signed in") as caught:
            providers.fetch(source, context(tmp_path, {}))
        assert caught.value.hint == "run: aws login --profile a"
        folder = tmp_path / "cache"
        folder.mkdir()
        kept = {"accessKeyId": GOOD["AccessKeyId"], "secretAccessKey": GOOD["SecretAccessKey"], "sessionToken": "t",
                "accountId": "111111111111", "expiresAt": "2999-01-01T00:00:00Z"}  # fmt: skip
        name = hashlib.sha256(b"arn:aws:sts::111111111111:user").hexdigest()
        (folder / f"{name}.json").write_text(json.dumps({"accessToken": kept}))
        env = {"AWS_LOGIN_CACHE_DIRECTORY": str(folder)}
        assert providers.fetch(source, context(tmp_path, env)).account_id == "111111111111"
        kept["expiresAt"] = "2020-01-01T00:00:00Z"
        (folder / f"{name}.json").write_text(json.dumps({"accessToken": kept}))
        with pytest.raises(errors.Refused, match="has expired"):
            providers.fetch(source, context(tmp_path, env))

    @pytest.mark.parametrize("held", [{}, {"accessToken": None}, {"accessToken": "x"}])
    def test_file_without_credentials(self, tmp_path, held):
        """For a file of another version, the error names the command that writes a new one."""
        source = source_of("[profile a]\nlogin_session = me\n")
        name = hashlib.sha256(b"me").hexdigest()
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
        with pytest.raises(
            errors.ConfigError, match="config:2: profile a uses aws login, but its cache has no credentials"
        ) as caught:
            providers.fetch(source, context(tmp_path, {"AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path)}))
        assert caught.value.hint == "run: aws login --profile a"
