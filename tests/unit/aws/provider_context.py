"""What a fetch from a provider needs, for tests."""

import hashlib
import json
import time

from tests.home import STAND_IN
from tests.patience import PATIENCE
from tests.unit.profiles.files import chain_of
from vault.aws.provider_inputs import ProviderContext
from vault.system.clock import Deadline

GOOD = {
    "Version": 1,
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "SessionToken": "token+/=",
    "Expiration": "2999-01-01T00:00:00Z",
    "AccountId": "222222222222",
}


class Jumping:
    """A clock that the test moves, and that sleeping moves."""

    def __init__(self):
        self.ahead = 0.0

    def time(self):
        return time.time()

    def monotonic(self):
        return time.monotonic() + self.ahead

    def sleep(self, seconds):
        self.ahead += seconds


def context(home, env, *, seconds=PATIENCE, child_env=None, trusted=(STAND_IN,)):
    return ProviderContext(
        env, dict(env if child_env is None else child_env), str(home), Deadline.after(seconds), (), "me@here",
        trusted_hosts=trusted,
    )  # fmt: skip


def source_of(text, name="a", env=None):
    return chain_of(name, text, env=env).source


def token_of_the_cli(home, key, *, token, ends="2999-01-01T00:00:00Z", **more):
    """The file that the AWS CLI writes under ``home`` after `aws sso login` for a session or start URL."""
    folder = home / ".aws" / "sso" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha1(key.encode()).hexdigest() + ".json"
    held = {
        "startUrl": "https://corp.example/start",
        "region": "us-east-1",
        "accessToken": token,
        "expiresAt": ends,
        **more,
    }
    (folder / name).write_text(json.dumps(held))
