"""What the user is told before a key is replaced."""

from __future__ import annotations

import os

from tests.fakes.example import KEY_ID


def test_a_plaintext_copy_of_the_key_is_reported(bench, home):
    """The same key in ~/.aws/credentials is named with file, line and profile."""
    path = os.path.join(home.root, ".aws", "credentials")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = x\n")
    assert any(f"{path}:2: profile old" in note for note in bench.look().notes)


def test_a_use_by_something_else_is_reported(bench, aws):
    """A last use for a service that awsvault-py never calls is reported before the key is replaced."""
    key = aws.world.keys[KEY_ID]

    def elsewhere():
        key.last_used, key.last_service, key.last_region = aws.world.now() - 7200, "s3", "eu-west-1"

    bench.user.require_mfa_for_iam = True  # IAM is then called with a session, which is no use of the key
    aws.faults.hook("GetSessionToken", "after", elsewhere)
    assert any("2 hours ago for s3 in eu-west-1" in note for note in bench.look().notes)
