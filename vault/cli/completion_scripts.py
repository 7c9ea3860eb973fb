"""Generates the completion scripts for bash, zsh and fish from the commands. Text only; runs nothing.

A script contains all commands and options. At each press of Tab it reads the profile names with ``--profile-names``, which
takes little longer than starting Python. No shell ever expands a profile name.
"""

from __future__ import annotations

import shlex

import click

from vault.cli.bash_profile_names import BASH_NAMES
from vault.cli.prompt_line import NAMES
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PROGRAM = "awsvault-py"
PROFILES, COMMAND, NOTHING = "profiles", "command", "nothing"
_NAMED = frozenset({"profile", "profiles", "name", "names", "words", "from_profile", "start"})

_PROFILE_OPTIONS = ("profile", "from_profile", "named", "source")


class Option(NamedTuple):
    """An option, its possible values, and its help. ``values``: () if it takes any value, None if it takes none.

    ``profile``: the value is the name of a profile.
    """

    name: str
    values: tuple[str, ...] | None
    help: str
    profile: bool = False


class Shape(NamedTuple):
    """A command as completion sees it. ``path``: the words of its name. ``takes``: the kind of its arguments.

    ``below``: its subcommands. ``choices``: the values that an argument can have.
    """

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    takes: str
    below: tuple[str, ...]
    choices: tuple[str, ...]


def shapes(commands: Iterable[tuple[str, click.Command]]) -> list[Shape]:
    """The shapes of all commands and their subcommands."""
    found: list[Shape] = []
    for name, command in commands:
        found += _shapes((name,), command)
    return found


def _shapes(path: tuple[str, ...], command: click.Command) -> list[Shape]:
    below = sorted(command.commands) if isinstance(command, click.Group) else []
    options = [
        _option(o, spelling) for o in command.params if isinstance(o, click.Option) for spelling in _long(o)
    ]
    options.append(Option("--help", None, "Show this help."))
    words = [a.name or "" for a in command.params if isinstance(a, click.Argument)]
    takes = COMMAND if "cmd" in words else PROFILES if _NAMED & set(words) else NOTHING
    help_line = command.get_short_help_str(70)
    types = [a.type for a in command.params if isinstance(a, click.Argument)]
    choices = [str(word) for kind in types if isinstance(kind, click.Choice) for word in kind.choices]
    shape = Shape(path, help_line, tuple(options), takes, tuple(below), tuple(choices))
    deeper = [s for name in below for s in _shapes((*path, name), command.commands[name])] if below else []  # type: ignore[attr-defined]
    return [shape, *deeper]


def _long(option: click.Option) -> list[str]:
    return [spelling for spelling in (*option.opts, *option.secondary_opts) if spelling.startswith("--")]


def _option(option: click.Option, spelling: str) -> Option:
    if option.is_flag:
        return Option(spelling, None, option.help or "")
    values = tuple(option.type.choices) if isinstance(option.type, click.Choice) else ()
    return Option(spelling, tuple(str(v) for v in values), option.help or "", option.name in _PROFILE_OPTIONS)


def _quoted(text: str) -> str:
    return shlex.quote(text)


def bash(found: list[Shape]) -> str:
    """The script for bash 3.2 and newer: it uses no associative arrays, and no word lists that bash would expand."""
    top = " ".join(s.path[0] for s in found if len(s.path) == 1)
    cases = []
    for s in found:
        words = " ".join([*s.below, *s.choices, *(o.name for o in s.options)])
        cases.append(f"        {_quoted(' '.join(s.path))}) words={_quoted(words)} takes={s.takes} ;;")
    values = [
        f"        {_quoted(' '.join(s.path) + ' ' + o.name)}) words={_quoted(' '.join(o.values))} takes={PROFILES if o.profile else NOTHING} ;;"
        for s in found
        for o in s.options
        if o.values is not None
    ]
    below = " ".join(" ".join(s.path) for s in found if s.below)
    return f"""\
# {PROGRAM} completion for bash. Add this to ~/.bashrc: eval "$({PROGRAM} completion bash)"
{BASH_NAMES}_awsvault_py() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} path= words= takes={NOTHING} word at=1
    local before=${{COMP_WORDS[COMP_CWORD-1]}}
    [ "$before" = = ] && before=${{COMP_WORDS[COMP_CWORD-2]}}
    [ "$cur" = = ] && cur=
    COMPREPLY=()
    while [ $at -lt $COMP_CWORD ]; do
        word=${{COMP_WORDS[at]}}
        case $word in
        --) break ;;
        -*) ;;
        *) if [ -z "$path" ]; then path=$word; elif [[ " {below} " == *" $path "* ]]; then path="$path $word"; fi ;;
        esac
        at=$((at + 1))
    done
    if [ "${{COMP_WORDS[at]}}" = -- ] && [ $at -lt $COMP_CWORD ]; then
        at=$((at + 1))
        if declare -F _command_offset >/dev/null; then _command_offset $at
        else COMPREPLY=($(compgen -c -- "$cur")); fi
        return
    fi
    if [ -z "$path" ]; then words={_quoted(top + " --help --version --debug")}
    else
        case $path in
{chr(10).join(cases)}
        esac
        case "$path $before" in
{chr(10).join(values)}
        esac
    fi
    for word in $words; do
        case $word in
        "$cur"*) case $word in -*) [[ $cur == -* ]] || continue ;; esac; COMPREPLY+=("$word") ;;
        esac
    done
    if [ "$takes" != {NOTHING} ] && [[ $cur != -* ]]; then
        _awsvault_py_names
    fi
    return 0
}}
complete -F _awsvault_py {PROGRAM}
"""


def zsh(found: list[Shape]) -> str:
    """The script for zsh with compinit. compadd quotes the names itself."""
    top = " ".join(_quoted(f"{s.path[0]}:{s.help}") for s in found if len(s.path) == 1)
    cases = []
    for s in found:
        words = " ".join(_quoted(o.name.replace(":", "\\:") + ":" + o.help) for o in s.options)
        helped = [f"{b}:{_help_of(found, (*s.path, b))}" for b in s.below]
        below = " ".join(map(_quoted, [*helped, *s.choices]))
        cases.append(
            f"    {_quoted(' '.join(s.path))}) options=({words}); below=({below}); takes={s.takes} ;;"
        )
    values = [
        f"    {_quoted(' '.join(s.path) + ' ' + o.name)}) {_zsh_values(o)}; return ;;"
        for s in found
        for o in s.options
        if o.values is not None
    ]
    groups = " ".join(_quoted(" ".join(s.path)) for s in found if s.below)
    return f"""\
#compdef {PROGRAM}
# {PROGRAM} completion for zsh. Add this to ~/.zshrc, after compinit: eval "$({PROGRAM} completion zsh)"
_awsvault_py() {{
  local -a options below names groups
  local at=2 word at_path= takes={NOTHING}
  groups=({groups})
  while (( at < CURRENT )); do
    word=$words[at]
    case $word in
    --) break ;;
    -*) ;;
    *) if [[ -z $at_path ]]; then at_path=$word
       elif (( ${{groups[(Ie)$at_path]}} )); then at_path="$at_path $word"; fi ;;
    esac
    (( at++ ))
  done
  if [[ $words[at] == -- ]] && (( at < CURRENT )); then
    words=("${{(@)words[at+1,-1]}}"); (( CURRENT -= at )); _normal; return
  fi
  if [[ -z $at_path ]]; then
    options=({top})
    _describe command options; return
  fi
  case "$at_path ${{words[CURRENT-1]}}" in
{chr(10).join(values)}
  esac
  case $at_path in
{chr(10).join(cases)}
  esac
  (( $#below )) && _describe command below
  [[ $PREFIX == -* ]] && _describe option options
  if [[ $takes != {NOTHING} && $PREFIX != -* ]]; then
    names=("${{(@f)$({PROGRAM} {NAMES} 2>/dev/null)}}")
    (( $#names )) && compadd -- "${{(@)names:#}}"
  fi
}}
compdef _awsvault_py {PROGRAM}
"""


def _zsh_values(option: Option) -> str:
    if option.profile:
        return f'names=("${{(@f)$({PROGRAM} {NAMES} 2>/dev/null)}}"); (( $#names )) && compadd -- "${{(@)names:#}}"'
    return f"compadd -- {' '.join(map(_quoted, option.values or ()))}"


def _help_of(found: list[Shape], path: tuple[str, ...]) -> str:
    return next((s.help for s in found if s.path == path), "")


# What follows -- is completed as a separate command line.
_FISH_COMMAND = """\
function __awsvault_py_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words); or return
    set -e words[1..$at]
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end"""


def fish(found: list[Shape]) -> str:
    """The script for fish 3. Each name is one candidate, which fish escapes itself."""
    lines = [
        f"# {PROGRAM} completion for fish. Add this to ~/.config/fish/config.fish: {PROGRAM} completion fish | source",
        _FISH_COMMAND,
        f"complete -c {PROGRAM} -f",
    ]
    top = [s for s in found if len(s.path) == 1]
    lines += [
        f"complete -c {PROGRAM} -n __fish_use_subcommand -a {s.path[0]} -d {_fish(s.help)}" for s in top
    ]
    for s in found:
        lines += _fish_lines(s, found)
    return "\n".join(lines) + "\n"


def _fish_lines(s: Shape, found: list[Shape]) -> list[str]:
    seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in s.path)
    after_dashes = "__fish_seen_subcommand_from --"
    alone = f"{seen}; and not __fish_seen_subcommand_from {' '.join(s.below)}"
    lines = [
        f"complete -c {PROGRAM} -n '{alone}' -a {name} -d {_fish(_help_of(found, (*s.path, name)))}"
        for name in s.below
    ]
    if s.choices:
        lines.append(f"complete -c {PROGRAM} -n '{seen}' -a {_fish(' '.join(s.choices))}")
    for option in s.options:
        words = f"({PROGRAM} {NAMES} 2>/dev/null)" if option.profile else " ".join(option.values or ())
        value = "" if option.values is None else f" -x -a {_fish(words)}"
        lines.append(f"complete -c {PROGRAM} -n '{seen}' -l {option.name[2:]}{value} -d {_fish(option.help)}")
    if s.takes in (PROFILES, COMMAND):
        names = f"({PROGRAM} {NAMES} 2>/dev/null)"
        lines.append(f"complete -c {PROGRAM} -n '{seen}; and not {after_dashes}' -a '{names}'")
    if s.takes == COMMAND:
        lines.append(f"complete -c {PROGRAM} -n '{seen}; and {after_dashes}' -x -a '(__awsvault_py_command)'")
    return lines


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


RENDERERS = {"bash": bash, "zsh": zsh, "fish": fish}
