"""Two STS calls (GetSessionToken, then AssumeRole with its session) by five transports, each a whole process.

    python -m scripts.measuring.transports [ROUNDS]

The figures of docs/decisions/0006-a-signer-of-our-own.md. Uses the environment that scripts/bench made.
"""

from __future__ import annotations

import os
import sys

from scripts.measuring.places import KEY, ROOT, Clean
from scripts.measuring.runs import Command, rounds
from tests.fakes.aws import StandIn

ROLE = "arn:aws:iam::222222222222:role/OpenRole"
HEAD = f"""
import os
KEY, SECRET, ROLE = {KEY["AccessKeyId"]!r}, {KEY["SecretAccessKey"]!r}, {ROLE!r}
URL = os.environ["AWS_ENDPOINT_URL"]
"""

BOTO3 = """
import boto3
sts = boto3.client("sts", aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1")
c = sts.get_session_token(DurationSeconds=3600)["Credentials"]
sts = boto3.client("sts", aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"],
                   aws_session_token=c["SessionToken"], region_name="us-east-1")
assert sts.assume_role(RoleArn=ROLE, RoleSessionName="bench")["Credentials"]
"""

BOTOCORE = """
import botocore.session
session = botocore.session.Session()
sts = session.create_client("sts", aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1")
c = sts.get_session_token(DurationSeconds=3600)["Credentials"]
sts = session.create_client("sts", aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"],
                            aws_session_token=c["SessionToken"], region_name="us-east-1")
assert sts.assume_role(RoleArn=ROLE, RoleSessionName="bench")["Credentials"]
"""

SIGNED = """
from urllib.parse import urlencode
import xml.etree.ElementTree as ET
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
def call(credentials, **parameters):
    request = AWSRequest("POST", URL, data=urlencode({"Version": "2011-06-15", **parameters}),
                         headers={"content-type": "application/x-www-form-urlencoded"})
    SigV4Auth(credentials, "sts", "us-east-1").add_auth(request)
    tree = ET.fromstring(send(request.prepare()))
    return {e.tag.rpartition("}")[2]: e.text for e in tree.iter()}
"""

TWO = """
c = call(Credentials(KEY, SECRET), Action="GetSessionToken", DurationSeconds="3600")
c = Credentials(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
assert call(c, Action="AssumeRole", RoleArn=ROLE, RoleSessionName="bench")["AccessKeyId"]
"""

SESSION = """
from botocore.httpsession import URLLib3Session
session = URLLib3Session()
def send(prepared):
    return session.send(prepared).content
"""

PLAIN = """
import http.client
from urllib.parse import urlsplit
connection = http.client.HTTPConnection(urlsplit(URL).netloc)
def send(prepared):
    connection.request("POST", "/", prepared.body, dict(prepared.headers))
    return connection.getresponse().read()
"""

SIGNER_AND_HTTP_CLIENT = """
from vault.aws import sts
from vault.aws.connections import ConnectionPool
from vault.aws.credentials import Credentials
from vault.aws.service_endpoint import ServiceEndpoint
from vault.secret import Secret
from vault.system.clock import Deadline
pool, deadline = ConnectionPool(), Deadline.after(20)
endpoint = ServiceEndpoint(URL, "us-east-1", (), pool)
first = sts.get_session_token(Credentials(KEY, Secret(SECRET)), duration=3600, endpoint=endpoint, deadline=deadline)
assert sts.assume_role(first.credentials, role_arn=ROLE, session_name="bench", endpoint=endpoint, deadline=deadline)
"""

WAYS = {
    "bare": "pass",
    "boto3": HEAD + BOTO3,
    "botocore's client": HEAD + BOTOCORE,
    "botocore's signer and HTTP session": HEAD + SIGNED + SESSION + TWO,
    "botocore's signer and http.client": HEAD + SIGNED + PLAIN + TWO,
    "our signer and http.client": HEAD + SIGNER_AND_HTTP_CLIENT,
}


def main(count: int) -> None:
    clean = Clean(os.path.join(ROOT, ".work", "bench", "clean"))
    with StandIn() as aws:
        env = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", **aws.environment}
        found = rounds({name: Command((clean.python, "-c", code), env) for name, code in WAYS.items()}, count)
    for name, series in found.items():
        print(f"| {name} | {series.ms:.0f} | {series.ratio:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
