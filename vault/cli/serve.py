"""`awsvault-py serve PROFILE`: a credentials server that is not bound to one command, for containers and editors."""

from __future__ import annotations

import click

from vault import limits
from vault.cli import banners, shared_options
from vault.cli.policy_options import policy_options
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from vault.context import Context
    from vault.credentials.request import Request
    from vault.run.credential_server import Serving
    from vault.run.server_address import ServerAddress
    from vault.run.server_handover import Handover

_PROGRAM = "serve"


@click.command("serve")
@shared_options.named("profile", required=True)
@click.option(
    "--bind",
    metavar="ADDRESS",
    help="Listen at 127.0.0.1:PORT, or at unix:PATH for containers. Default: a free port of 127.0.0.1.",
)
@click.option("--for", "lasting", metavar="TIME", help="End after this time: 90m, 8h.")
@shared_options.duration
@shared_options.mfa_code
@policy_options
@click.option("--write", is_flag=True, help="Ignore awsvault_read_only for this server.")
@shared_options.as_json
def command(
    *,
    profile: str,
    bind: str | None,
    lasting: str | None,
    duration: str | None,
    mfa_code: str | None,
    policy: str | None,
    policy_arn: tuple[str, ...],
    write: bool,
    as_json: bool,
) -> None:
    """Serve the credentials of PROFILE to other programs, and refresh them, until Ctrl-C or lock.

    Prints the two variables that the programs need: the server's URL, and the file with its token. AWS's tools read both, and
    anyone who can read the file can get the credentials. With unix:PATH the token is in PATH.token.
    """
    from vault.cli.disk_export import newer_key
    from vault.cli.request_options import request_of
    from vault.cli.time_option import seconds_of
    from vault.context import from_process
    from vault.run import server_handover
    from vault.run.server_address import ServerAddress

    address = ServerAddress.parse(bind) if bind is not None else ServerAddress()
    seconds = seconds_of("--for", lasting, most=limits.SERVE_MOST) if lasting is not None else None
    handed = server_handover.taken()
    if handed is not None:
        _served(from_process(attended=True), handed, address, seconds=seconds, as_json=as_json)
        return
    context = from_process(attended=True)
    context.newer_key = newer_key
    request = request_of(
        profile, duration=duration, mfa_code=mfa_code, write=write, ask=True, start=True, policy=policy, policy_arn=policy_arn
    )  # fmt: skip
    _begin(context, request, address)


def _begin(context: Context, request: Request, address: ServerAddress) -> NoReturn:
    """Fetch the first session and do all prompting. Then ``_served`` continues in a new program without keys in its memory."""
    from vault.cli.sign_in_offer import offering
    from vault.credentials.profile_metadata import metadata_of
    from vault.run import credential_server, server_handover, token_file
    from vault.unlocking import manual_lock

    address.listen().close()  # an address that cannot be used is reported before any prompt
    if address.path is not None:
        token_file.check(address.path)
    mark = manual_lock.attributes(context.paths)
    first = offering(
        context, lambda context: credential_server.begin(context, request, program=_PROGRAM, command=False)
    )
    banners.production(context.env, metadata_of(first.issued))
    banners.shorter(first.issued, asked=request.duration is not None)
    server_handover.start_again(first, request, mark=mark)


def _served(
    context: Context, handed: Handover, address: ServerAddress, *, seconds: int | None, as_json: bool
) -> None:
    from vault.run import credential_server
    from vault.system.wait_for_signal import ENDING, until_signal

    with (
        credential_server.serving(context, handed, program=_PROGRAM, address=address) as serving,
        until_signal(ENDING, every=limits.SERVER_WATCH) as wait,
    ):
        serving.start()
        _say(context, serving, handed, seconds=seconds, as_json=as_json)
        must_end = wait(seconds, lambda: serving.reason() is not None)
        reason = serving.reason() if must_end else None
    if reason is not None:
        raise reason


def _say(context: Context, serving: Serving, handed: Handover, *, seconds: int | None, as_json: bool) -> None:
    """What a program needs, on stdout; how long it holds, on stderr."""
    import os
    import shlex

    from vault.cli.terminal import emit, emit_json, local, rfc3339, say, without_absent

    ends = context.clock.time() + seconds if seconds is not None else None
    if as_json:
        emit_json(
            without_absent(
                {
                    "profile": handed.metadata.profile,
                    "url": serving.url,
                    "socket": serving.socket_path,
                    "token_file": serving.token_file,
                    "pid": os.getpid(),
                    "ends": rfc3339(ends) if ends is not None else None,
                }
            )
        )
    else:
        emit(f"export AWS_CONTAINER_CREDENTIALS_FULL_URI={shlex.quote(serving.url)}")
        emit(f"export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={shlex.quote(serving.token_file)}")
    until = f"until {local(ends)}, or until" if ends is not None else "until"
    say(f"Serving {safe(handed.metadata.profile)} {until} Ctrl-C or awsvault-py lock.")
    if serving.socket_path is not None:
        say(
            f"note: the URL is for a program whose port 80 of 127.0.0.1 leads to {safe(serving.socket_path)}; "
            "with another port, put it into the URL"
        )
