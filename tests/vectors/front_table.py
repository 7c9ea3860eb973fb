"""The table of what a front does: command line, environment and files → the request to the agent; its answer → output and exit.

Written from the descriptions of the protocol and of the fingerprint, with nothing of the program. scripts/make-vectors writes
front.json from it, and test_front.py runs the vectors with both fronts. Bytes are text of one character each (Latin-1).
Marks in braces: {home}; {id:FILE} and {ctime:FILE}, what stat says; {x:COUNT}, so many x; {host}, the CRC-32 of the host's name; {in:SECONDS}, a time.
"""

from __future__ import annotations

import re

NS = 1_700_000_000_123_456_789  # the mtime of each file that has no other
CONFIG, CREDENTIALS = ".aws/config", ".aws/credentials"
VAULT, SETTINGS = "v/vault.avlt", "v/config.toml"
FOUR = (CONFIG, CREDENTIALS, VAULT, SETTINGS)
ENV = {"HOME": "{home}", "AWSVAULT_HOME": "{home}/v", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
LINE = '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret/+=", "SessionToken": "token", "Expiration": "2030-01-01T00:00:00Z", "AccountId": "222222222222"}\n'
PAIRS = {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret/+=", "AWS_SESSION_TOKEN": "token", "AWS_SECURITY_TOKEN": "token", "AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z", "AWS_SESSION_EXPIRATION": "2030-01-01T00:00:00Z"}  # fmt: skip
DEV = "dev\tus-west-2\t10\tarn:aws:iam::222222222222:role/DeveloperRole\n"
NAMED = {
    "AWS_REGION": "us-west-2",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWSVAULT_PROFILE": "dev",
    "AWS_VAULT": "dev",
}
EXPORT = ("export", "dev")
EXEC = ("exec", "dev", "--", "env", "-0")
RUN = "X\3env"

made: list[dict[str, object]] = []


def identity(name, files):
    """What the fingerprint says about a file: `-` if it is missing, `?` and the number of another error."""
    if name.startswith("?"):
        return name
    if name not in files:
        return "-"
    text, ns = files[name]
    return f"{{id:{name}}}.{len(text)}.{ns}.{{ctime:{name}}}"


def fingerprint(files, *variables, four=FOUR):
    return "\0".join(["f2", *(identity(name, files) for name in four), *variables])


def repeated(count):
    """A mark for so many x: the file stays small."""
    return f"{{x:{count}}}"


def framed(payload):
    """A frame: its length in four bytes, and the payload."""
    size = len(re.sub(r"\{x:(\d+)\}", lambda found: "x" * int(found[1]), payload))
    return "".join(chr(size >> shift & 0xFF) for shift in (24, 16, 8, 0)) + payload


def add(name, argv=EXPORT, *, env=(), files=(), asks=None, pieces=None, more=None, **expected):
    """A vector. ``asks``: the payload of the request, None if there is none. ``expected``: full (the full program has to
    answer), or stdout and exit; refreshed; runs, the command's environment; native="full": the native front may leave it to the full program.
    """
    given = {path: content if isinstance(content, tuple) else (content, NS) for path, content in dict(files).items()}  # fmt: skip
    made.append(
        {
            "name": name,
            "argv": list(argv),
            "env": {**ENV, **dict(env)} if more is None else more,
            "files": {path: {"text": text, "mtime_ns": ns} for path, (text, ns) in given.items()},
            "asks": asks,
            "answer": ([framed(LINE)] if pieces is None and asks is not None else pieces) or [],
            **(expected or {"stdout": LINE, "exit": 0}),
        }
    )


def warm(name, *, variables=(), files=(), four=FOUR, profile="dev", argv=None, **more):
    """An export that asks, with these variables in its fingerprint."""
    given = {path: content if isinstance(content, tuple) else (content, NS) for path, content in dict(files).items()}  # fmt: skip
    asks = f"E{profile}\0{fingerprint(given, *variables, four=four)}"
    add(name, argv or ("export", profile), files=files, asks=asks, **more)


def places():
    warm("no file is there")
    warm("all four files", files={path: path for path in FOUR})
    warm("a file from before 1970", files={CONFIG: ("", -1)}, native="full", stdout=LINE, exit=0)
    warm("a file of the year 2200", files={CONFIG: ("x", 7_258_118_400_000_000_001)})
    away = {"AWS_CONFIG_FILE": "{home}/else", "AWS_SHARED_CREDENTIALS_FILE": "~/other"}
    shown = ("AWS_CONFIG_FILE={home}/else", "AWS_SHARED_CREDENTIALS_FILE=~/other")
    warm("AWS's files elsewhere", env=away, variables=shown, files={"else": "a", "other": "bc"}, four=("else", "other", VAULT, SETTINGS))  # fmt: skip
    warm("a config below a file", env={"AWS_CONFIG_FILE": "{home}/f/below"}, files={"f": ""}, argv=EXPORT,
         variables=("AWS_CONFIG_FILE={home}/f/below",), four=("?20", CREDENTIALS, VAULT, SETTINGS))  # fmt: skip
    warm("an empty name of a file is none", env={"AWS_CONFIG_FILE": ""}, variables=("AWS_CONFIG_FILE=",), files={CONFIG: "x"})  # fmt: skip
    for path in ("$HOME/else", "${HOME}/else"):
        warm(f"a variable in a path: {path}", env={"AWS_CONFIG_FILE": path}, variables=(f"AWS_CONFIG_FILE={path}",), files={"else": "a"},
             four=("else", CREDENTIALS, VAULT, SETTINGS), native="full", stdout=LINE, exit=0)  # fmt: skip
    for path, left in (("~/v", False), ("{home}//v", True), ("{home}/x/../v", True), ("{home}/v/", True), ("{home}/./v", True)):  # fmt: skip
        more = {"native": "full", "stdout": LINE, "exit": 0} if left else {}
        warm(f"AWSVAULT_HOME is {path}", env={"AWSVAULT_HOME": path}, files={VAULT: "1", SETTINGS: "22"}, **more)  # fmt: skip
    plain = {"HOME": "{home}", "PATH": "/usr/bin:/bin"}
    own = (CONFIG, CREDENTIALS, ".local/share/awsvault-py/vault.avlt", ".config/awsvault-py/config.toml")
    run = {"XDG_RUNTIME_DIR": "{home}/r"}
    warm("the platform's folders", more=plain | run, four=own, files=dict.fromkeys(own, "x"), socket="r/awsvault-py/agent.sock", stdout=LINE, exit=0)  # fmt: skip
    warm("a home whose name begins with ~", env={"HOME": "~/x"}, native="full", stdout=LINE, exit=0)
    beside = (CONFIG, CREDENTIALS, "d/awsvault-py/vault.avlt", "c/awsvault-py/config.toml")
    there = {f"XDG_{name}_HOME": f"{{home}}/{name[0].lower()}" for name in ("CONFIG", "DATA", "STATE")}
    warm("folders of their own", more=plain | run | there, four=beside, files=dict.fromkeys(beside, "x"), socket="r/awsvault-py/agent.sock", stdout=LINE, exit=0)  # fmt: skip
    warm("a relative folder counts as none", more=plain | run | {"XDG_DATA_HOME": "d"}, four=own, files=dict.fromkeys(own, "x"), socket="r/awsvault-py/agent.sock", stdout=LINE, exit=0)  # fmt: skip
    for name, state in (("", ".local/state"), (" and another state folder", "s")):
        given = {"XDG_STATE_HOME": "{home}/s"} if name else {}
        warm(f"no runtime folder{name}", more=plain | given, four=own, socket=f"{state}/awsvault-py/run/{{host}}.sock", native="full", stdout=LINE, exit=0)  # fmt: skip
    for mode in ("0666", "0604", "file", "link", "none"):
        add(f"no socket to trust: {mode}", socket_mode=mode, full=True)


def variables():
    plain = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT",
             "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "NO_PROXY", "no_proxy")  # fmt: skip
    urls = (
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_ENDPOINT_URL_SSO",
        "AWS_ENDPOINT_URL_SSO_OIDC",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
    )
    for name in plain + urls:
        warm(f"{name} counts", env={name: "some/thing"}, variables=(f"{name}=some/thing",))
        warm(f"{name} counts if it is empty", env={name: ""}, variables=(f"{name}=",))
    every = {name: str(at) for at, name in reversed(list(enumerate(plain + urls)))}
    warm("their order is always the same", env=every, variables=[f"{name}={at}" for at, name in enumerate(plain + urls)])  # fmt: skip
    warm("others do not count", env={"AWS_PROFILE": "x", "AWS_ENDPOINT_URL_IAM": "x", "AWS_REGIONS": "x", "AWS_REGIO": "x"})  # fmt: skip
    warm("bytes that are not UTF-8", env={"AWS_REGION": "\xff\x80="}, variables=("AWS_REGION=\xff\x80=",))
    for url, kept in (
        ("http://user:pass@proxy:8080/x", "http://proxy:8080/x"), ("user:pass@proxy:8080", "proxy:8080"), ("http://u:p@p@proxy", "http://proxy"),
        ("//user:p@proxy/a@b", "//proxy/a@b"), ("http://proxy/a//b@c", "http://proxy/a//b@c"), ("a@b//c@d", "a@b//d"), ("@", ""), ("//", "//"),
    ):  # fmt: skip
        warm(f"without the user of {url}", env={"HTTPS_PROXY": url}, variables=(f"HTTPS_PROXY={kept}",))
    outer = {"AWSVAULT_OUTER_REGION": "us-west-2", "AWSVAULT_PROFILE": "dev"}
    same = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    warm("the region of an outer exec does not count", env=outer | same)
    warm("another region inside an exec counts", env=outer | same | {"AWS_REGION": "eu-west-3"}, variables=("AWS_REGION=eu-west-3",))  # fmt: skip
    hidden = {"AWS_CONFIG_FILE": "/dev/null", "AWSVAULT_OUTER_AWS_CONFIG_FILE": "{home}/else", "AWS_CA_BUNDLE": "/dev/null"}  # fmt: skip
    warm("the file of an outer exec", env=hidden, files={"else": "a"}, four=("else", CREDENTIALS, VAULT, SETTINGS),
         variables=("AWS_CONFIG_FILE={home}/else", "AWS_CA_BUNDLE=/dev/null"))  # fmt: skip
    warm("a file of the user's inside an exec", env={**hidden, "AWS_CONFIG_FILE": "{home}/own"}, files={"own": "a"},
         four=("own", CREDENTIALS, VAULT, SETTINGS), variables=("AWS_CONFIG_FILE={home}/own", "AWS_CA_BUNDLE=/dev/null"))  # fmt: skip
    for value in ("auto", ""):
        warm(f"AWSVAULT_AGENT is {value!r}", env={"AWSVAULT_AGENT": value})
    for value in ("off", "AUTO", "on"):
        add(f"AWSVAULT_AGENT is {value!r}", env={"AWSVAULT_AGENT": value}, full=True)
    add("a variable that fits into no frame", env={"NO_PROXY": repeated(65_536)}, full=True)


def exports():
    for profile in ("a b", "\xc3\x9cbung", "\xff", "x" * 512, '"', "a-b"):
        warm(f"a profile of {len(profile)} bytes, {profile[:8]!r}", profile=profile)
    for argv in (("export",), ("export", ""), ("export", "-h"), ("export", "dev", "--json"), ("export", "--", "dev"), ("export", "x" * 513),
                 ("status", "dev"), ("exports", "dev"), ("exp", "dev"), (), ("",)):  # fmt: skip
        add(f"not a warm export: {' '.join(argv)[:20]!r}", argv, full=True)
    cut = framed(LINE)
    for name, pieces, more in (
        ("in two pieces", [cut[:2], cut[2:]], None), ("in eight pieces", [*cut[:7], cut[7:]], None),
        ("in nine pieces", [*cut[:8], cut[8:]], {"full": True}),
        ("to refresh", [framed("+" + LINE)], {"stdout": LINE, "exit": 0, "refreshed": "dev"}),
        ("a miss", [framed("MISS")], {"full": True}), ("no line end", [framed(LINE[:-1])], {"full": True}), ("nothing", [], {"full": True}),
        ("an empty frame", ["\0\0\0\0"], {"full": True}), ("half a length", ["\0\0"], {"full": True}), ("cut short", [cut[:-1]], {"full": True}),
        ("a byte too many", [cut + "\n"], {"full": True}), ("the largest frame", [framed(repeated(65_535) + "\n")], {"stdout": repeated(65_535) + "\n", "exit": 0}),
        ("a larger frame", [framed(repeated(65_536) + "\n")], {"full": True}), ("a length of four gigabytes", ["\xff\xff\xff\xff" + LINE], {"full": True}),
        ("a plus alone", [framed("+")], {"full": True}), ("a NUL", [framed("\0\n")], {"stdout": "\0\n", "exit": 0}),
    ):  # fmt: skip
        warm(f"an answer: {name}", pieces=pieces, **(more or {"stdout": LINE, "exit": 0}))


def ran(name, *, env=(), rest=DEV, line=LINE, pairs=None, named=NAMED, outer="us-west-2", argv=EXEC, kind=RUN, variables=(), kept=(), **more):  # fmt: skip
    """An exec: the command's environment is ENV with what the session sets, and ``kept``."""
    region = {"AWSVAULT_OUTER_REGION": outer} if outer else {}
    add(name, argv, env=env, asks=f"{kind}dev\0{fingerprint({}, *variables)}", pieces=[framed(line + rest)],
        **({"runs": {**ENV, **dict(kept), **(PAIRS if pairs is None else pairs), **named, **region}, "exit": 0} | more))  # fmt: skip


def execs():
    ran("an exec")
    ran("an exec without --", argv=("exec", "dev", "env", "-0"))
    ran("by its path", argv=("exec", "dev", "--", "/usr/bin/env", "-0"))
    ran("to refresh", line="+" + LINE, refreshed="dev")
    ran("production", rest=DEV.replace("\t10\t", "\t11\t"))
    ran("the region is the user's", env={"AWS_REGION": "us-west-2"}, rest=DEV.replace("\t10\t", "\t00\t"), outer=None, variables=("AWS_REGION=us-west-2",))  # fmt: skip
    ran("no role", rest="dev\tus-west-2\t10\t\n")
    kept = {"A": "b", "EMPTY": "", "TWO": "a=b", "BYTES": "\xff", "AWS_REGION_": "x", "AWS": "", "AWSVAULT_PASSPHRASE_": "x"}  # fmt: skip
    gone = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_VAULT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
            "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "AWSVAULT_PASSPHRASE", "AWSVAULT_PASSPHRASE_FILE", "AWSVAULT_PASSPHRASE_FD", "AWSVAULT_PASSPHRASE_COMMAND", "AWSVAULT_PROFILE")  # fmt: skip
    ran("what the command keeps, and what not", env=kept | dict.fromkeys(gone, "old"), kept=kept)
    counted = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME")
    ran("a web identity is gone", env=dict.fromkeys(counted, "old"), variables=[f"{name}=old" for name in counted])  # fmt: skip
    hidden = {"AWS_CONFIG_FILE": "/dev/null", "AWSVAULT_OUTER_AWS_CONFIG_FILE": "{home}/else", "AWSVAULT_OUTER_REGION": "eu-west-1",
              "AWS_REGION": "eu-west-1", "AWSVAULT_OUTER_X": "y", "NULL": "/dev/null"}  # fmt: skip
    ran("inside an exec", env=hidden, variables=("AWS_CONFIG_FILE={home}/else",), kept={"AWS_CONFIG_FILE": "{home}/else", "NULL": "/dev/null"})  # fmt: skip
    short = '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s"}\n'
    key = {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}
    ran("a key without a token", line=short, pairs=key)
    long = repeated(16_384)
    tokens = {"AWS_SESSION_TOKEN": long, "AWS_SECURITY_TOKEN": long}
    ran("the longest token", line=LINE.replace('"token"', f'"{long}"'), pairs=PAIRS | tokens)
    for command, code in (("exit 7", 7), ("kill -9 $$", -9)):
        ran(f"its exit is the command's: {code}", argv=("exec", "dev", "--", "sh", "-c", command), kind="X\2sh", exit=code, runs=None, stdout="")  # fmt: skip
    for name, rest in (
        ("no metadata", ""), ("another profile's", DEV.replace("dev", "prod")), ("flags of a later version", DEV.replace("\t10\t", "\t12\t")),
        ("three words", "dev\tus-west-2\t10\n"), ("five words", DEV[:-1] + "\t\n"), ("an empty line", "\n"), ("a word cut", "dev\tus-west-2\t1\tr\n"),
    ):  # fmt: skip
        ran(f"metadata: {name}", rest=rest, full=True)
    for name, line in (
        ("a backslash", LINE.replace("token", "to\\ken")), ("another version", LINE.replace(": 1", ": 2")), ("no secret", LINE.replace("SecretA", "A")),
        ("not text", LINE.replace('"token"', "1")), ("no object", "[]\n"), ("nothing", "\n"), ("a pair without a value", LINE.replace('": "token', "")),
    ):  # fmt: skip
        ran(f"a session: {name}", line=line, full=True)
    add("a miss", EXEC, asks=f"{RUN}dev\0{fingerprint({})}", pieces=[framed("MISS")], full=True)
    for argv in (("exec",), ("exec", "dev"), ("exec", "dev", "--"), ("exec", "dev", "--", ""), ("exec", "-x", "--", "env"), ("exec", "--", "env"),
                 ("exec", "dev", "-x", "env"), ("exec", "dev", "env", "--", "x"), ("exec", "", "--", "env"), ("exec", "--fresh", "dev", "--", "env")):  # fmt: skip
        add(f"not a warm exec: {' '.join(argv)}", argv, full=True)


LEFT = frozenset(
    {
        "another form of a time",
        "no time",
        "no such day",
        "a hostile name in zsh",
        "a form in UTF-8",
        "an included profile",
        "indented headers",
        "[default]",
    }
)  # to the full program


def prompted(name, stdout, *, argv=("prompt",), ends=None, files=(), **env):
    """A prompt; with AWS_PROFILE it asks the agent, whose session ends at ``ends``."""
    asked = "AWS_PROFILE" in env and "AWSVAULT_PROFILE" not in env and env.get("AWSVAULT_AGENT") != "off"
    asks = f'{{"op":"ENDS","profile":"{env["AWS_PROFILE"]}"}}' if asked else None
    pieces = [{"ends": ends}] if asked else []
    more = {"native": "full"} if name in LEFT else {}
    add(
        f"prompt: {name}", argv, env=env, files=files, asks=asks, pieces=pieces, stdout=stdout, exit=0, **more
    )


RAILS = """\
# a comment [profile dev]
[profile asked]
awsvault_confirm = session
[profile looked]\t; a note
  s3 =
    awsvault_environment = prod
AWSVAULT_READ_ONLY=yes # a note
[ profile  live ]
awsvault_environment = Production ; a note
awsvault_read_only = true
[profile "quoted"]
awsvault_environment = staging
[profile twice]
awsvault_environment = prod
[profile other]
awsvault_confirm = never
[profile twice]
awsvault_environment = test
"""


def prompts():
    prompted("no profile", "")
    prompted("a profile", "dev\n", AWS_PROFILE="dev", ends=0)
    prompted("the older name", "", AWS_PROFILE="", AWS_DEFAULT_PROFILE="")
    made[-1] |= {"asks": None, "answer": []}
    for ends in ("+4102444800", " 4102444800", "04102444800", "4102444800 ", "253402300800", "99999999999999999999", "-1"):  # fmt: skip
        prompted(f"an end of no agent: {ends!r}", "dev\n", AWS_PROFILE="dev", ends=0)
        made[-1]["answer"] = [framed(f'{{"ok":true,"ends":{ends}}}')]
    prompted("an end that is cut off", "dev\n", AWS_PROFILE="dev", ends=0)
    made[-1]["answer"] = [framed('{"ok":true,"ends":4102444800')]
    prompted("no agent is wanted", "dev\n", AWS_PROFILE="dev", AWSVAULT_AGENT="off")
    prompted("the agent's session", "dev 1h00m\n", AWS_PROFILE="dev", ends=3659)
    prompted("it has expired", "", AWS_PROFILE="dev", ends=-5)
    inside = {"AWSVAULT_PROFILE": "dev", "AWS_PROFILE": "other"}
    prompted("inside an exec", "dev 49m\n", **inside, AWS_CREDENTIAL_EXPIRATION="{in:2999}")
    prompted("inside an exec of a key", "dev\n", **inside)
    prompted("after it has expired", "", **inside, AWS_CREDENTIAL_EXPIRATION="2020-02-29T23:59:59Z")
    prompted("in a leap year", "", **inside, AWS_CREDENTIAL_EXPIRATION="2000-02-29T00:00:00Z")
    prompted("no such day", "dev\n", **inside, AWS_CREDENTIAL_EXPIRATION="2099-02-29T00:00:00Z")
    prompted("no time", "dev\n", **inside, AWS_CREDENTIAL_EXPIRATION="soon")
    prompted("another form of a time", "", **inside, AWS_CREDENTIAL_EXPIRATION="2020-02-29 23:59:59 +00:00")
    prompted("a form", "[dev||x]\n", argv=("prompt", "--format=[{profile}|{left}|x]"), AWS_PROFILE="dev", ends=0)  # fmt: skip
    prompted("a form in UTF-8", "\xe2\x98\x81 dev\n", argv=("prompt", "--format=\xe2\x98\x81 {profile}"), AWS_PROFILE="dev", ends=0)  # fmt: skip
    prompted("braces", "{y}{dev{\n", argv=("prompt", "--format={y}{{profile}{"), AWS_PROFILE="dev", ends=0)
    config = {CONFIG: RAILS}
    ansi = {"red": "1;31", "yellow": "33", "green": "32"}
    for profile, shown, color in (("asked", "asked", "yellow"), ("looked", "looked", "green"), ("live", "live PRODUCTION", "red"),
                                  ("quoted", "quoted staging", ""), ("twice", "twice test", ""), ("other", "other", "")):  # fmt: skip
        for shell, text in (
            ("plain", shown), ("tmux", f"#[fg={color}]{shown}#[default]"), ("zsh", f"%F{{{color}}}{shown}%f"),
            ("bash", f"\1\x1b[{ansi.get(color)}m\2{shown}\1\x1b[0m\2"), ("fish", f"\x1b[{ansi.get(color)}m{shown}\x1b[0m"),
            ("starship", f"\x1b[{ansi.get(color)}m{shown}\x1b[0m"),
        ):  # fmt: skip
            expected = text if color else shown
            prompted(f"{profile} for {shell}", expected + "\n", argv=("prompt", f"--for={shell}"), files=config, AWS_PROFILE=profile, ends=0)  # fmt: skip
    prompted("NO_COLOR", "live PRODUCTION\n", argv=("prompt", "--for=tmux"), files=config, AWS_PROFILE="live", NO_COLOR="1", ends=0)  # fmt: skip
    prompted("soon over", "#[fg=yellow]dev 1m#[default]\n", argv=("prompt", "--for=tmux"), AWS_PROFILE="dev", ends=119)  # fmt: skip
    for shell, name, shown in (("bash", "$(id)!`x", "?(id)??x"), ("zsh", "%F{red}$", "%%F{red}?"), ("tmux", "#(id)", "##(id)"), ("fish", "$a#%", "$a#%")):  # fmt: skip
        prompted(f"a hostile name in {shell}", shown + "\n", argv=("prompt", f"--for={shell}"), AWS_PROFILE=name, ends=0)  # fmt: skip
    included = {
        CONFIG: "[profile dev]\ninclude_profile = base\n[profile base]\nawsvault_environment = prod\n"
    }
    prompted("an included profile", "dev PROD\n", files=included, AWS_PROFILE="dev", ends=0)
    prompted("indented headers", "dev PROD\n", files={CONFIG: "  [profile dev]\n  awsvault_environment = prod\n"}, AWS_PROFILE="dev", ends=0)  # fmt: skip
    prompted("[default]", "default PROD\n", files={CONFIG: "[default]\nawsvault_environment = prod\n"}, AWS_PROFILE="default", ends=0)  # fmt: skip
    prompted("line ends of Windows", "dev PROD\n", files={CONFIG: "[profile dev]\r\nawsvault_environment = prod\r\n"}, AWS_PROFILE="dev", ends=0)  # fmt: skip
    for argv in (("prompt", "-h"), ("prompt", "--for"), ("prompt", "--for=csh"), ("prompt", "--for=bash", "--format=", "x"), ("prompt", "--debug"),
                 ("prompts",), ("prompt", "--for", "bash"), ("prompt", "--for=csh", "--for=bash")):  # fmt: skip
        add(f"not a prompt: {' '.join(argv)}", argv, env={"AWS_PROFILE": "dev"}, full=True)


def names():
    def listed(name, stdout, config="", credentials=None, **more):
        files = {CONFIG: config} | ({} if credentials is None else {CREDENTIALS: credentials})
        add(f"names: {name}", ("--profile-names",), files=files, stdout=stdout, exit=0, **more)

    listed("none", "")
    listed("those of the rails", "asked\nlooked\nlive\nquoted\ntwice\nother\n", RAILS)
    listed("both files", "default\ndev\nkeys\na b\n", "[default]\n[profile dev]\n[dev]\n[sso-session x]\n", "[keys]\n[dev]\n[a b]\n[]\n")  # fmt: skip
    listed("quotes and blanks", "a b\nc\nd\n", "[profile 'a b']\n[profile e f]\n[profile  c ]\n[profile\td]\n[profile]\n[profile g\"]\n[profile '']\n")  # fmt: skip
    listed("no end of a header", "dev\n", "[profile dev]\n[profile x\n]\n[profile y")
    listed(
        "control characters", "dev\n", "[profile a\x1b[31m]\n[profile dev]\n[profile \x7f]\n", native="full"
    )
    listed(
        "other languages",
        "\xc3\x9cbung\n",
        "[profile \xc3\x9cbung]\n[profile a\xe2\x80\xaeb]\n",
        native="full",
    )
    listed("indented", "dev\ntwo\n", "  [profile dev]\n\t[profile two]\n", native="full")
    listed("a file that everyone can change", "", "[profile dev]\n", mode=0o666)
    add("names: one word more", ("--profile-names", "x"), full=True)


def vectors():
    made.clear()
    for part in (places, variables, exports, execs, prompts, names):
        part()
    return {"vectors": made}
