"""A client of a server on this machine."""

from __future__ import annotations

from tests.fakes.example import KEY_ID, SECRET
from tests.patience import PATIENCE
from vault.aws.credentials import Credentials
from vault.s3 import address
from vault.s3.boto_s3 import S3Client
from vault.secret import Secret
from vault.system.clock import Deadline

BUCKET = "yourself-vault"
PLACE = address.parse(f"s3://{BUCKET}/laptop/vault.avlt")
KEY = Credentials(KEY_ID, Secret(SECRET))


def client(url, *, key=KEY, region="us-east-1", seconds=PATIENCE, **settings):
    """S3 at ``url``, which the user trusts."""
    at = address.endpoint(region, url=url, trusted_hosts=("127.0.0.1",))
    return S3Client(key, endpoint=at, deadline=Deadline.after(seconds), **settings)


def place(url, **settings):
    """The vault's object there."""
    return client(url, **settings).object(PLACE)
