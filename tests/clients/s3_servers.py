"""Real S3 servers on this machine, each a context manager with ``url``, ``key`` and an empty bucket."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time

from tests.clients import builds
from tests.fakes.example import KEY_ID, SECRET
from tests.patience import PATIENCE
from vault.aws import boto_session
from vault.aws.credentials import Credentials
from vault.s3 import address
from vault.secret import Secret

BUCKET = "yourself-vault"
REGION = "us-east-1"
EXAMPLE = Credentials(KEY_ID, Secret(SECRET))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def endpoint(url):
    return address.endpoint(REGION, url=url, trusted_hosts=("127.0.0.1",))


@contextlib.contextmanager
def running(command, port, folder, *, env=None):
    """The server's URL, once it listens."""
    with open(os.path.join(folder, f"{port}.log"), "wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            ends = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if process.poll() is not None or time.monotonic() > ends:
                    with open(log.name, encoding="utf-8") as said:
                        raise AssertionError(f"{command[0]} does not listen: {said.read()}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def make_bucket(url, key):
    client = boto_session.client(
        "s3", endpoint=endpoint(url), signs=key, settings={"s3": {"addressing_style": "path"}}
    )
    client.create_bucket(Bucket=BUCKET)


def objects(url, key):
    """The keys in the bucket."""
    client = boto_session.client(
        "s3", endpoint=endpoint(url), signs=key, settings={"s3": {"addressing_style": "path"}}
    )
    return [each["Key"] for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@contextlib.contextmanager
def versitygw(folder):
    """Keeps conditions. Gives the URL, and ``another()``, which starts a second process on the same folder."""
    data = os.path.join(folder, "versitygw")
    os.makedirs(data, exist_ok=True)
    env = {"ROOT_ACCESS_KEY": KEY_ID, "ROOT_SECRET_KEY": SECRET}
    with contextlib.ExitStack() as stack:

        def another():
            port = free_port()
            command = [builds.versitygw(), "--port", f"127.0.0.1:{port}", "--keep-alive", "posix", data]
            return stack.enter_context(running(command, port, folder, env=env))

        url = another()
        make_bucket(url, EXAMPLE)
        yield url, another


@contextlib.contextmanager
def s3rver(folder):
    """Ignores conditions. Its key is its own."""
    port, data = free_port(), os.path.join(folder, "s3rver")
    os.makedirs(data, exist_ok=True)
    command = [*builds.s3rver(), "-d", data, "-a", "127.0.0.1", "-p", str(port), "--no-vhost-buckets"]
    key = Credentials("S3RVER", Secret("S3RVER"))
    with running(command, port, folder) as url:
        make_bucket(url, key)
        yield url, key


@contextlib.contextmanager
def s3s_fs(folder):
    """Checks conditions, and then writes without a lock."""
    port, data = free_port(), os.path.join(folder, "s3s")
    os.makedirs(data, exist_ok=True)
    command = [
        builds.s3s_fs(), "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY_ID, "--secret-key", SECRET, data,
    ]  # fmt: skip
    with running(command, port, folder, env={"RUST_LOG": "off"}) as url:
        make_bucket(url, EXAMPLE)
        yield url
