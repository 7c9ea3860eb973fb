"""The warm export: ask the agent, print its answer, exit. Anything unexpected returns None; nothing raises.

It takes no longer than an interpreter that does nothing. So it imports sys, os and _socket, and no other module of the
program: each further module adds a hundredth to the whole run (docs/performance.md). What it shares with the other
modules is therefore here too: where the files are, the fingerprint of their current state (others import both from
vault/system/paths), and the connection to the agent. hatch_build.py says why the wheel has a copy of this file beside
the package.
"""

import _socket
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Constants of vault/limits, written out here to save an import. A test keeps them equal.
CONNECT = 0.1  # AGENT_CONNECT
ANSWER = 0.5  # AGENT_ANSWER
PATH_MOST = 100  # AGENT_SOCKET_PATH
NAME_MOST = 512  # MAX_PROFILE_NAME
FRAME_MOST = 64 * 1024  # AGENT_FRAME
PIECES = 8  # per answer: an agent sends it whole, and each piece may take ANSWER seconds
REFRESH = b"+"  # before the JSON: this client is the one that refreshes the session
MISS = b"MISS"


def serve(argv: "Sequence[str]") -> str | None:
    """Print the session of ``export PROFILE`` and exit. None if the full path has to answer.

    In the one process that should refresh the session, prints it and returns the profile's name.
    """
    try:
        answer = ask(argv, os.environ)
        if answer is None:
            return None
        refresh = answer[:1] == REFRESH
        body = answer[1:] if refresh else answer
        if os.write(1, body) != len(body):
            os._exit(1)  # part of an answer was printed: a second answer would make it worse
    except (OSError, ValueError):
        return None
    if refresh:
        return argv[1]
    os._exit(0)


def ask(argv: "Sequence[str]", env: "Mapping[str, str]") -> bytes | None:
    """The agent's answer to ``export PROFILE`` as it came: the JSON line, possibly after REFRESH. None if there is none."""
    return answered(b"E", argv[1], env) if len(argv) == 2 and argv[0] == "export" else None


def answered(kind: bytes, profile: str, env: "Mapping[str, str]") -> bytes | None:
    """The agent's answer to a request of this ``kind`` (vault/agent/protocol). None if anything goes wrong."""
    try:
        name = os.fsencode(profile)
        if env.get("AWSVAULT_AGENT", "auto") not in ("auto", "") or not 0 < len(name) <= NAME_MOST:
            return None
        paths = from_env(env)
        request = kind + name + b"\0" + fingerprint(env, paths=paths)
        if name[:1] == b"-" or len(request) > FRAME_MOST:
            return None
        answer = exchange(paths.socket, request)  # last: the agent wakes up once, and finds the request
    except Exception:  # noqa: BLE001  # no descriptor left, no current folder, a name that cannot be encoded
        return None
    return answer if answer[-1:] == b"\n" and answer != MISS else None


def exchange(path: str, request: bytes, *, answer: float = ANSWER) -> bytes:
    """The answer of the agent at the socket ``path`` to one request; b"" if anything goes wrong."""
    connection = dial(path, answer=answer)
    if connection is None:
        return b""
    try:
        connection.sendall(len(request).to_bytes(4, "big") + request)
        return _frame(connection)
    except OSError:
        return b""
    finally:
        connection.close()


def _frame(connection: "_socket.socket") -> bytes:
    """One frame; b"" if it is cut short, too long or in too many pieces. OSError if the agent is too slow."""
    received = connection.recv(FRAME_MOST)
    size = int.from_bytes(received[:4], "big") if len(received) >= 4 else FRAME_MOST
    pieces = PIECES
    while len(received) < 4 + size <= 4 + FRAME_MOST and (pieces := pieces - 1):
        piece = connection.recv(FRAME_MOST)
        if not piece:
            return b""
        received += piece
        size = int.from_bytes(received[:4], "big") if len(received) >= 4 else FRAME_MOST
    return received[4 : 4 + size] if len(received) == 4 + size else b""


# ── the paths ─────────────────────────────────────────────────────────────────────────────────

NAME = "awsvault-py"
RUNTIMES = "/run/user"  # of logind; each user's folder is named by the user id


class Paths:
    """Where the files are, as absolute paths. Folders have no slash at the end, and are made on first use with mode 0700."""

    __slots__ = ("config_toml", "home", "log", "run", "sessions", "socket", "state", "vault_folder")

    def __init__(
        self,
        *,
        home: str,
        config_toml: str,
        vault_folder: str,
        sessions: str,
        state: str,
        socket: str,
        log: str,
    ) -> None:
        self.home = home  # the user's home folder, where AWS's files are
        self.config_toml = config_toml
        self.vault_folder = vault_folder
        self.sessions = sessions
        self.state = state
        self.socket = socket
        self.run = os.path.dirname(socket)
        self.log = log

    @property
    def vault(self) -> str:
        """The vault file."""
        return os.path.join(self.vault_folder, "vault.avlt")


def user_home(env: "Mapping[str, str]") -> str:
    """The user's home folder: HOME, otherwise the one in the password database."""
    return env.get("HOME") or os.path.expanduser("~")


def _absolute(env: "Mapping[str, str]", name: str, default: str) -> str:
    """An XDG variable counts only if it is an absolute path (XDG Base Directory 0.8)."""
    value = env.get(name, "")
    return value if value.startswith("/") else default


def from_env(env: "Mapping[str, str]") -> "Paths":
    """The paths for this environment: one folder if AWSVAULT_HOME is set, otherwise the platform's."""
    home = user_home(env)
    base = env.get("AWSVAULT_HOME", "")
    if base:
        base = os.path.abspath(home + base[1:] if base.startswith("~/") else base)
        config, data, sessions, state, log = base, base, base + "/sessions", base + "/state", base + "/log"
        socket = base + "/run/agent.sock"
    elif sys.platform == "darwin":
        base = f"{home}/Library/Application Support/{NAME}"
        config, data, state, socket = base, base + "/vault", base + "/state", base + "/run/agent.sock"
        sessions, log = f"{home}/Library/Caches/{NAME}/s1", f"{home}/Library/Logs/{NAME}"
    else:
        config = _absolute(env, "XDG_CONFIG_HOME", home + "/.config") + "/" + NAME
        data = _absolute(env, "XDG_DATA_HOME", home + "/.local/share") + "/" + NAME
        sessions = _absolute(env, "XDG_CACHE_HOME", home + "/.cache") + f"/{NAME}/s1"
        state = _absolute(env, "XDG_STATE_HOME", home + "/.local/state") + "/" + NAME
        log = state + "/log"
        runtime = _absolute(env, "XDG_RUNTIME_DIR", "") or _login_runtime()
        socket = f"{runtime}/{NAME}/agent.sock" if runtime else without_runtime(state)
    return Paths(
        home=home,
        config_toml=config + "/config.toml",
        vault_folder=data,
        sessions=sessions,
        state=state,
        socket=socket,
        log=log,
    )


def _login_runtime() -> str:
    """The runtime folder of the user's login, if an agent's socket is in it: cron and su set no variable for it."""
    uid = os.geteuid()
    folder = f"{RUNTIMES}/{uid}"
    try:
        return folder if os.lstat(f"{folder}/{NAME}/agent.sock").st_uid == uid else ""
    except OSError:
        return ""


def without_runtime(state: str) -> str:
    """The agent's socket if there is no runtime folder."""
    return f"{state}/run/{_host()}.sock"


def _host() -> str:
    """A short name of this host: hosts that share a home folder must not share a socket."""
    from binascii import crc32

    return f"{crc32(os.uname().nodename.encode('utf-8', 'surrogateescape')):08x}"


# ── the fingerprint ──────────────────────────────────────────────────────────────────────────
# Take it *before* reading the configuration: a change in between then gives the next fingerprint another value, never an old
# answer under a new one. It does not cover credentials in the environment, IMDS and token files: do not cache a chain that
# starts from one of those under a fingerprint. It holds no secret.

FORM = b"f2"  # a change of the form changes every fingerprint: an older agent then misses instead of answering by old rules

# Variables that tell an awsvault-py inside an exec what was set outside: a file that --server hides from SDKs, and the region
# that came from the outer profile and not from the user.
OUTER = "AWSVAULT_OUTER_"
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")

# What decides the answer besides the files. A URL may have a user and password, which are left out below.
PLAIN = (
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME", "NO_PROXY", "no_proxy",
)  # fmt: skip
URLS = (
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "HTTP_PROXY", "http_proxy",
    "HTTPS_PROXY", "https_proxy",
)  # fmt: skip


def fingerprint(env: "Mapping[str, str]", *, paths: "Paths") -> bytes:
    """Bytes that differ whenever the answer may differ: device, inode, size, mtime and ctime of AWS's two files, of the
    vault and of config.toml, and the variables above. Inside an exec it is the fingerprint of the outer environment.
    """
    env = outside(env)
    files = (*aws_files(env, home=paths.home), paths.vault, paths.config_toml)
    parts = [FORM, *map(_identity, files)]
    parts += [os.fsencode(f"{name}={env[name]}") for name in PLAIN if name in env]
    parts += [os.fsencode(f"{name}={_without_userinfo(env[name])}") for name in URLS if name in env]
    return b"\0".join(parts)  # no variable can contain a NUL, so two lists never join to the same bytes


def outside(env: "Mapping[str, str]") -> "Mapping[str, str]":
    """``env`` with AWS's files and region as they were outside an exec: an inner profile has its own."""
    if not any(name.startswith(OUTER) for name in env):
        return env
    region = env.get(OUTER + "REGION")
    return {
        name: env.get(OUTER + name, value) if value == os.devnull else value
        for name, value in env.items()
        if not name.startswith(OUTER) and not (name in _REGIONS and value == region)
    }


def aws_files(env: "Mapping[str, str]", *, home: str) -> tuple[str, str]:
    """The paths of AWS's config and credentials files, with ``~`` and ``$VARIABLES`` expanded."""
    return (
        _expanded(env.get("AWS_CONFIG_FILE") or home + "/.aws/config", env, home),
        _expanded(env.get("AWS_SHARED_CREDENTIALS_FILE") or home + "/.aws/credentials", env, home),
    )


def _identity(path: str) -> bytes:
    """What stat says about the file at ``path``, following links. ctime shows a file whose mtime was set back."""
    try:
        s = os.stat(path)
    except FileNotFoundError:
        return b"-"
    except (OSError, ValueError) as error:
        return b"?%d" % (getattr(error, "errno", None) or 0)
    return b"%d.%d.%d.%d.%d" % (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)


def _without_userinfo(url: str) -> str:
    """``url`` without a user and password before its host. A text that is no URL counts as a host."""
    start = url.find("//") + 2 if "//" in url else 0
    authority, slash, path = url[start:].partition("/")
    return url[:start] + authority.rpartition("@")[2] + slash + path


def _expanded(path: str, env: "Mapping[str, str]", home: str) -> str:
    """Like os.path.expandvars and expanduser, but from ``env`` and without ``re``, which expandvars imports."""
    if "$" in path:
        path = substituted(path, env)
    if path == "~" or path.startswith(("~/", "~\\")):  # the last as on Windows
        return home + path[1:]
    return os.path.expanduser(path) if path.startswith("~") else path


def substituted(path: str, env: "Mapping[str, str]") -> str:
    """``path`` with each ``$NAME`` and ``${NAME}`` replaced; unknown ones stay."""
    out, rest = "", path
    while "$" in rest:
        before, _, rest = rest.partition("$")
        out += before
        if rest.startswith("{") and "}" in rest:
            name, _, rest = rest[1:].partition("}")
            shown = "${" + name + "}"
        else:
            end = 0
            while end < len(rest) and (rest[end] == "_" or (rest[end].isascii() and rest[end].isalnum())):
                end += 1
            name, rest = rest[:end], rest[end:]
            shown = "$" + name
        out += env.get(name, shown) if name else shown
    return out + rest


# ── the connection, also used by the agent's other client ────────────────────────────────────


def dial(path: str, *, answer: float = ANSWER) -> "_socket.socket | None":
    """A connected socket with a timeout of ``answer`` seconds for each call; None if no agent of this user listens.

    The file and the process that listens must both belong to this user: another user who took over the path neither
    answers nor sees the request. A server of root's is refused too.
    """
    uid = os.geteuid()
    try:
        if len(os.fsencode(path)) > PATH_MOST:
            return None
        status = os.lstat(path)
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
            return None
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except (OSError, ValueError):
        return None
    try:
        if (
            connection.fileno() > 2
        ):  # otherwise a standard stream was closed, and output would go into this socket
            connection.settimeout(CONNECT)
            connection.connect(path)
            if uid_of(connection) == uid:
                connection.settimeout(answer)
                return connection
    except OSError:
        pass
    connection.close()
    return None


def uid_of(connection: "_socket.socket") -> int:
    """The user ID of the process at the other end, as the kernel recorded it at the connection."""
    if sys.platform == "darwin":
        credentials = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: version, uid, groups
    else:
        credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # pid, uid, gid
    return int.from_bytes(credentials[4:8], sys.byteorder)
