"""`awsvault-py exec PROFILE -- CMD`: runs a command with credentials in its environment, or with a credentials server."""

from __future__ import annotations

import click

from vault.cli import banners, shared_options
from vault.cli.policy_options import policy_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from vault.context import Context
    from vault.credentials.request import Request
    from vault.run.server_handover import Handover


class WithCommand(click.Command):
    """A click command whose arguments end with another command line. Everything after ``--`` is passed on unparsed.

    Without ``--``, the options end where the other command line begins.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, other = args, None
        if "--" in args:
            own, other = args[: args.index("--")], tuple(args[args.index("--") + 1 :])
        ctx.allow_interspersed_args = other is not None
        rest = super().parse_args(ctx, own)
        found = ctx.params.get("cmd") or ()
        if other is not None:
            if found:
                raise click.UsageError(f"{found[0]!r} comes before --; write: exec PROFILE -- CMD", ctx)
            ctx.params["cmd"] = other
        elif found and found[0].startswith("-"):
            raise click.UsageError(
                f"{found[0]!r} is not a command; write: exec [OPTIONS] PROFILE -- CMD", ctx
            )
        return rest


@click.command("exec", cls=WithCommand)
@shared_options.named("profile")
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD [ARG]...]")
@shared_options.duration
@shared_options.fresh
@shared_options.no_session
@shared_options.mfa_code
@policy_options
@shared_options.source
@shared_options.region("Set this region for CMD instead of the profile's.")
@click.option("--write", is_flag=True, help="Ignore awsvault_read_only for this command.")
@click.option(
    "-s",
    "--server",
    "--ecs-server",
    is_flag=True,
    help="Run a local server that gives CMD credentials and refreshes them.",
)
@click.option(
    "--profile-env",
    is_flag=True,
    help="Give CMD the variable AWS_PROFILE instead of credentials. AWS's tools then call awsvault-py themselves.",
)
def command(
    *,
    profile: str | None,
    cmd: tuple[str, ...],
    duration: str | None,
    fresh: bool,
    no_session: bool,
    mfa_code: str | None,
    policy: str | None,
    policy_arn: tuple[str, ...],
    source: str | None,
    region: str | None,
    write: bool,
    server: bool,
    profile_env: bool,
) -> int:
    """Run CMD with the credentials of PROFILE in its environment. Without CMD, run your shell.

    A unique prefix of the profile name is enough. Without PROFILE, choose one at a terminal: exec -- CMD.
    For a role without a profile: exec --source PROFILE ROLE-ARN -- CMD.

    CMD replaces this process: it gets the terminal and all signals, and its exit code is returned. With --server, CMD gets the
    URL of a local server, for jobs that run longer than a session. With --profile-env, CMD gets AWS_PROFILE and no
    credentials, so its tools can refresh them; the profile must call awsvault-py.
    """
    from vault.cli.disk_export import newer_key
    from vault.cli.profile_argument import profile_or_pick
    from vault.cli.request_options import check_source, region_name, request_of
    from vault.context import from_process

    if profile_env:
        _check_alone({"--duration": duration, "--fresh": fresh, "--no-session": no_session, "--mfa-code": mfa_code,
                      "--policy": policy, "--policy-arn": policy_arn, "--source": source, "--write": write, "--server": server})  # fmt: skip
        context = from_process(attended=True)
        chosen = region_name(region)
        _with_profile(context, profile_or_pick(context, profile), cmd, region=chosen)
    if server:
        from vault.run import server_handover

        handed = server_handover.taken()
        if handed is not None:
            return _served(from_process(attended=True), handed, cmd)
    context = from_process(attended=True)
    context.newer_key = newer_key
    check_source(profile, source)
    profile = profile_or_pick(context, profile)
    request = request_of(
        profile,
        duration=duration,
        fresh=fresh,
        no_session=no_session,
        mfa_code=mfa_code,
        write=write,
        ask=True,
        start=True,
        policy=policy,
        policy_arn=policy_arn,
        region=region,
        source=source,
    )
    if server:
        return _serve(context, request, cmd)
    return _replaced(context, request, cmd)


def _check_alone(others: Mapping[str, object]) -> None:
    """Raise Usage if --profile-env is combined with an option for a session, because exec then gets no session."""
    from vault.errors import Usage

    given = next((name for name, value in others.items() if value not in (None, False, ())), None)
    if given is not None:
        raise Usage(f"--profile-env and {given} were both given", hint="leave out one of them")


def _with_profile(context: Context, profile: str, cmd: Sequence[str], *, region: str | None) -> NoReturn:
    """Run ``cmd`` with AWS_PROFILE instead of credentials."""
    from vault.credentials.profile_metadata import metadata_of_chain
    from vault.run import exec_env, profile_variable
    from vault.system import exec_program

    metadata = metadata_of_chain(profile_variable.checked(context, profile))
    banners.inside(context.env, metadata.profile)
    banners.production(context.env, metadata)
    if not cmd:
        banners.profile_shell(metadata)
    env = exec_env.profile_environment(context.child_env(), metadata.profile, region=region)
    exec_program.replace_process(cmd or exec_env.shell(context.env), env=env)


def _replaced(context: Context, request: Request, cmd: Sequence[str]) -> NoReturn:
    from vault.aws import credential_json
    from vault.cli.sign_in_offer import offering
    from vault.credentials import obtain
    from vault.credentials.profile_metadata import metadata_of
    from vault.run import exec_env
    from vault.system import exec_program

    purpose, program = f"to run a command as {request.profile}", _program(cmd)
    issued = offering(
        context,
        lambda context: obtain.credentials(context, request, purpose=purpose, use="exec", program=program),
    )
    metadata = metadata_of(issued, region=request.region)
    banners.inside(context.env, metadata.profile)
    banners.production(context.env, metadata)
    banners.shorter(issued, asked=request.duration is not None)
    if not cmd:
        banners.own_shell(issued, metadata)
    env = exec_env.environment(context.child_env(), credential_json.fields(issued.line), metadata)
    exec_program.replace_process(cmd or exec_env.shell(context.env), env=env)


def _serve(context: Context, request: Request, cmd: Sequence[str]) -> NoReturn:
    """Fetch the first session and do all prompting. Then ``_served`` continues in a new program without keys in its memory."""
    from vault.cli.sign_in_offer import offering
    from vault.credentials.profile_metadata import metadata_of
    from vault.run import credential_server, server_handover
    from vault.unlocking import manual_lock

    mark, program = manual_lock.attributes(context.paths), _program(cmd)
    first = offering(context, lambda context: credential_server.begin(context, request, program=program))
    metadata = metadata_of(first.issued)
    banners.inside(context.env, metadata.profile)
    banners.production(context.env, metadata)
    banners.shorter(first.issued, asked=request.duration is not None)
    if not cmd:
        banners.own_shell(first.issued, metadata, refreshes=True)
    server_handover.start_again(first, request, mark=mark)


def _served(context: Context, handed: Handover, cmd: Sequence[str]) -> int:
    from vault.run import credential_server, exec_env
    from vault.system import supervise

    with credential_server.serving(context, handed, program=_program(cmd)) as serving:
        env = exec_env.server_environment(
            context.child_env(), handed.metadata, url=serving.url, token=serving.token, token_file=serving.token_file,
            hidden=handed.hidden,
        )  # fmt: skip
        return supervise.run(cmd or exec_env.shell(context.env), env=env, started=serving.start)


def _program(cmd: Sequence[str]) -> str:
    """The name of the command, for the log."""
    return cmd[0] if cmd else "sh"
