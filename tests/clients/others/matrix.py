"""Whose keys do programs use that handle AWS credentials in their own ways? python -m tests.clients.others.matrix [NAME…]

Each program runs by `credential_process` (AWS_PROFILE), under `exec`, and under `exec --server`, against a server that
writes down what was signed. All of it is in a network namespace of its own, where the metadata service's address is
the recorder: a program that looks for an instance's role there is seen, and nothing leaves the machine. Prints JSON.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.certificates import self_signed
from tests.clients import builds
from tests.clients.others.recorder import Recorder
from tests.fakes.aws import StandIn
from tests.fakes.example import DEVELOPER
from tests.fakes.remote import ROOT
from tests.home import COMMAND, Home, uncounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

METADATA = "169.254.169.254"
# What a program calls that no setting leads elsewhere.
AWS_HOSTS = ("cloudformation.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com")
LIMIT = 90  # seconds for one run of a program
LOAD = {"AWS_SDK_LOAD_CONFIG": "1"}
BOTO2 = (
    "import sys, boto.s3.connection as c\n"
    "c.S3Connection(host='127.0.0.1', port=int(sys.argv[1].rpartition(':')[2]), is_secure=False,\n"
    "               calling_format=c.OrdinaryCallingFormat()).get_all_buckets()\n"
)
PYARROW = (
    "import sys, pyarrow.fs as f\n"
    "f.S3FileSystem(endpoint_override=sys.argv[1][7:], scheme='http', region='us-east-1').get_file_info('bucket/key')\n"
)
S3FS = "import sys, s3fs\ns3fs.S3FileSystem(endpoint_url=sys.argv[1]).ls('bucket')\n"
OPTIONS = "{'aws_endpoint': sys.argv[1], 'aws_region': 'us-east-1', 'aws_allow_http': 'true'}"
OBSTORE = (
    "import sys, obstore, obstore.store as s\n"
    "store = s.S3Store('bucket', endpoint=sys.argv[1], region='us-east-1', client_options={'allow_http': True},\n"
    "                  retry_config={'max_retries': 0})\n"
    "list(obstore.list(store))\n"
)
POLARS = f"import sys, polars\npolars.scan_parquet('s3://bucket/key.parquet', storage_options={OPTIONS}).collect()\n"
DELTALAKE = f"import sys, deltalake\ndeltalake.DeltaTable('s3://bucket/table', storage_options={OPTIONS})\n"


class Program(NamedTuple):
    """``command(URL)`` asks for something at URL; ``env`` is what a user has to set besides."""

    command: Callable[[str], list[str]]
    env: dict[str, str] = {}  # noqa: RUF012 -- never changed


def _python(code: str) -> Program:
    return Program(lambda url: [builds.others_python(), "-c", code, url])


def _script(name: str) -> Callable[[str], list[str]]:
    """A JavaScript program of the folder of npm's packages."""
    return lambda url: [builds.program("node"), os.path.join(builds.others_javascript(), name), url]


def _cdk(_: str) -> list[str]:
    bin_folder = os.path.join(builds.others_javascript(), "node_modules", ".bin")
    return [os.path.join(bin_folder, "cdk"), "bootstrap", "aws://222222222222/us-east-1", "--no-notices"]


def _serverless(_: str) -> list[str]:
    folder = builds.others_javascript()
    serverless = os.path.join(folder, "node_modules", ".bin", "serverless")
    return ["/bin/sh", "-c", 'cd "$1" && exec "$2" info --config serverless.json', "sh", folder, serverless]


def _sam(_: str) -> list[str]:
    sam = os.path.join(os.path.dirname(builds.others_python()), "sam")
    return [sam, "list", "stack-outputs", "--stack-name", "example", "--region", "us-east-1"]


PROGRAMS = {
    "boto 2": _python(BOTO2),
    "pyarrow": _python(PYARROW),
    "s3fs": _python(S3FS),
    "obstore": _python(OBSTORE),
    "polars": _python(POLARS),
    "deltalake": _python(DELTALAKE),
    "SAM CLI": Program(_sam, {"SAM_CLI_TELEMETRY": "0"}),
    "CDK": Program(_cdk),
    "serverless 3": Program(_serverless, {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}),
    "JavaScript SDK v2": Program(_script("js_v2.js")),
    "JavaScript SDK v2, AWS_SDK_LOAD_CONFIG=1": Program(_script("js_v2.js"), LOAD),
    "Go SDK v1": Program(lambda url: [builds.go_program("go_v1", "."), url]),
    "Go SDK v1, AWS_SDK_LOAD_CONFIG=1": Program(lambda url: [builds.go_program("go_v1", "."), url], LOAD),
    "Ruby SDK": Program(lambda url: ["ruby", os.path.join(os.path.dirname(__file__), "sdk.rb"), url]),
    "rclone": Program(
        lambda url: ["rclone", "lsd", f":s3,provider=AWS,env_auth=true,region=us-east-1,endpoint='{url}':",
                     "--retries", "1", "--low-level-retries", "1"]
    ),
    "restic": Program(
        lambda url: ["restic", "--no-cache", "-r", f"s3:{url}/bucket", "snapshots"],
        {"RESTIC_PASSWORD": "example"},
    ),
    "s3cmd": Program(
        lambda url: ["s3cmd", "ls", "--no-ssl", f"--host={url[7:]}", f"--host-bucket={url[7:]}", "--region=us-east-1"]
    ),
}  # fmt: skip


def outcome(
    home: Home, program: Program, way: str, *, aws: StandIn, metadata: Recorder, secure: Recorder
) -> str:
    """What the program sent: "the profile's session", "another key", "unsigned", "nothing", and whether it asked the metadata service."""
    with Recorder() as service:
        metadata.keys.clear()
        secure.keys.clear()
        env = {
            **uncounted(home.env),
            **program.env,
            "AWS_ENDPOINT_URL_STS": aws.url,
            "AWS_ENDPOINT_URL": service.url,
        }
        command = program.command(service.url)
        if way == "credential_process":
            env["AWS_PROFILE"] = "dev"
        else:
            server = ["--server"] if way == "exec --server" else []
            command = [COMMAND, "exec", *server, "dev", "--", *command]
        subprocess.run(
            command,
            env=env,
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        asked = " and asks the metadata service" if metadata.keys else ""
        return _signer(service.keys + secure.keys, aws) + asked


def _signer(keys: list[str | None], aws: StandIn) -> str:
    if not keys:
        return "nothing"
    if all(key is None for key in keys):
        return "unsigned"
    sessions = [aws.world.sessions.get(key) for key in keys if key is not None]
    return "the profile's session" if all(s and s.role == DEVELOPER for s in sessions) else "another key"


WAYS = ("credential_process", "exec", "exec --server")


def measure(names: list[str]) -> dict[str, dict[str, str]]:
    """The outcome of each program, each way. Only in a namespace of its own (``isolated``)."""
    found: dict[str, dict[str, str]] = {}
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        certificate = self_signed(root, *AWS_HOSTS)
        aws = stack.enter_context(StandIn())
        metadata = stack.enter_context(Recorder(METADATA, 80))
        secure = stack.enter_context(Recorder("127.0.0.1", 443, certificate=certificate))
        home = Home(root / "home", url=aws.url)
        del home.env["AWS_EC2_METADATA_DISABLED"]
        home.env |= {"AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "*"}
        home.env |= {"CDK_HOME": home.root, "NODE_EXTRA_CA_CERTS": certificate[0]}
        home.scenario()
        home.make_vault()
        for name in names:
            found[name] = {
                way: outcome(home, PROGRAMS[name], way, aws=aws, metadata=metadata, secure=secure)
                for way in WAYS
            }
    return found


def isolated(names: list[str]) -> dict[str, dict[str, str]]:
    """``measure`` in a network namespace of its own, where the machine is its own metadata service."""
    (
        builds.others_python(),
        builds.others_javascript(),
        builds.go_program("go_v1", "."),
    )  # no registry can be reached there
    alone = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*alone, sys.executable, "-m", "tests.clients.others.matrix", *names],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=ROOT, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, dict[str, str]] = json.loads(done.stdout)
    return answer


def _name_addresses() -> None:
    """Loopback comes up, with the metadata service's address on it (netdevice(7)); AWS's names lead there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, address in (("lo", "127.0.0.1"), ("lo:1", METADATA)):
            where = struct.pack("16sH2s4s8x", name.encode(), socket.AF_INET, b"", socket.inet_aton(address))
            fcntl.ioctl(control, 0x8916, where)  # SIOCSIFADDR
            fcntl.ioctl(
                control, 0x8914, struct.pack("16sH", name.encode(), 0x1 | 0x40)
            )  # SIOCSIFFLAGS: up, running

    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.write("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *AWS_HOSTS)))
        hosts.flush()
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)


def main(names: list[str]) -> int:
    _name_addresses()
    json.dump(measure(names or list(PROGRAMS)), sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
