"""The text that ``shell-init`` prints for each shell: completion, the prompt, and ``avp``, which switches profiles.

Does not import click, because it runs whenever a shell starts. The first press of Tab loads the completion script, which takes
longer to generate than all the rest. A shell may evaluate the text twice.
"""

from __future__ import annotations

from vault.cli.bash_profile_names import BASH_NAMES

PROGRAM = "awsvault-py"
SWITCH = "avp"
SHELLS = ("bash", "zsh", "fish")

_USAGE = "avp [START]: set AWS_PROFILE to the profile START, or choose one; avp --off: unset AWS_PROFILE"
# A shell started by exec has credentials in its environment, which take precedence over AWS_PROFILE.
_SH_SWITCH = """\
avp() {
    local name
    if [ -n "${AWSVAULT_PROFILE-}" ]; then
        printf 'avp: this shell has the credentials of %s; to leave it: exit\\n' "$AWSVAULT_PROFILE" >&2
        return 1
    fi
    if [ "${1-}" = --off ]; then
        unset AWS_PROFILE AWS_DEFAULT_PROFILE
        return 0
    fi
    if [ "${1-}" = -h ] || [ "${1-}" = --help ]; then
        printf 'USAGE\\n'
        return 0
    fi
    case ${1-} in
    -*)
        printf 'avp: there is no option %s\\n%s\\n' "$1" 'USAGE' >&2
        return 2
        ;;
    esac
    name=$(awsvault-py pick -- "$@") || return $?
    unset AWS_DEFAULT_PROFILE
    export AWS_PROFILE="$name"
    if [ -n "${AWS_ACCESS_KEY_ID-}" ]; then
        printf 'avp: AWS_ACCESS_KEY_ID is set and overrides the profile; to unset it: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN\\n' >&2
    fi
}
"""
_SH_SHOWN = """\
__awsvault_py_prompt() {
    local last=$? shown
    if [ -n "${AWSVAULT_PROFILE-}${AWS_PROFILE-}${AWS_DEFAULT_PROFILE-}" ]; then
        shown=$(awsvault-py prompt --for=SHELL 2>/dev/null)
        [ -z "$shown" ] || printf '(%s) ' "$shown"
    fi
    return $last
}
"""
_BASH_COMPLETION = """\
_awsvault_py_load() {
    eval "$(awsvault-py completion bash)"
    return 124
}
complete -F _awsvault_py_load awsvault-py
_awsvault_py_switch() {
    COMPREPLY=()
    _awsvault_py_names
}
complete -F _awsvault_py_switch avp
"""
_BASH_PROMPT = """\
case ${PS1-} in
*__awsvault_py_prompt*) ;;
*) PS1='$(__awsvault_py_prompt)'${PS1-} ;;
esac
"""
_ZSH_COMPLETION = """\
if (( $+functions[compdef] )); then
  _awsvault_py() {
    eval "$(awsvault-py completion zsh)"
    _awsvault_py "$@"
  }
  compdef _awsvault_py awsvault-py
  _awsvault_py_switch() {
    local -a names
    names=("${(@f)$(awsvault-py --profile-names 2>/dev/null)}")
    (( $#names )) && compadd -- "${(@)names:#}"
  }
  compdef _awsvault_py_switch avp
fi
"""
_ZSH_PROMPT = """\
setopt prompt_subst
[[ $PROMPT == *__awsvault_py_prompt* ]] || PROMPT='$(__awsvault_py_prompt)'$PROMPT
"""
_FISH_COMPLETION = """\
function __awsvault_py_load
    complete -c awsvault-py -e
    awsvault-py completion fish | source
    complete -C (commandline -cp)
end
complete -c awsvault-py -f -a '(__awsvault_py_load)'
complete -c avp -f -a '(awsvault-py --profile-names 2>/dev/null)'
"""
_FISH_SWITCH = """\
function avp
    if test -n "$AWSVAULT_PROFILE"
        echo "avp: this shell has the credentials of $AWSVAULT_PROFILE; to leave it: exit" >&2
        return 1
    end
    if test "$argv[1]" = --off
        set -e AWS_PROFILE
        set -e AWS_DEFAULT_PROFILE
        return 0
    end
    if contains -- "$argv[1]" -h --help
        echo "USAGE"
        return 0
    end
    if string match -q -- "-*" "$argv[1]"
        printf 'avp: there is no option %s\\n%s\\n' $argv[1] "USAGE" >&2
        return 2
    end
    set -l name (awsvault-py pick -- $argv); or return $status
    set -e AWS_DEFAULT_PROFILE
    set -gx AWS_PROFILE $name
    if test -n "$AWS_ACCESS_KEY_ID"
        echo "avp: AWS_ACCESS_KEY_ID is set and overrides the profile; to unset it: set -e AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN" >&2
    end
end
"""
_FISH_PROMPT = """\
function __awsvault_py_status
    return $argv[1]
end
if functions -q fish_prompt; and not functions -q __awsvault_py_own_prompt
    functions -c fish_prompt __awsvault_py_own_prompt
    function fish_prompt
        set -l last $status
        if test -n "$AWSVAULT_PROFILE$AWS_PROFILE$AWS_DEFAULT_PROFILE"
            set -l shown (awsvault-py prompt --for=fish 2>/dev/null)
            test -z "$shown"; or printf '(%s) ' $shown
        end
        __awsvault_py_status $last
        __awsvault_py_own_prompt
    end
end
"""
NO_PROMPT, SDK_LOAD_CONFIG = _OPTIONS = ("--no-prompt", "--sdk-load-config")
_FILES = {
    "bash": 'at the end of ~/.bashrc: eval "$(awsvault-py shell-init bash)"',
    "zsh": 'to ~/.zshrc, after compinit and the prompt: eval "$(awsvault-py shell-init zsh)"',
    "fish": "to ~/.config/fish/config.fish: awsvault-py shell-init fish | source",
}


def text(shell: str, *, prompt: bool = True, sdk_load_config: bool = False) -> str:
    """The text for ``shell``. Without ``prompt``, it does not change the prompt.

    ``sdk_load_config``: also set AWS_SDK_LOAD_CONFIG. Without it, the Go SDK v1 and the JavaScript SDK v2 do not read
    ~/.aws/config, and never run credential_process.
    """
    parts = [
        f"# awsvault-py for {shell}: completion, the prompt, and avp to switch profiles. Add this {_FILES[shell]}\n"
    ]
    if sdk_load_config:
        parts.append(
            "set -gx AWS_SDK_LOAD_CONFIG 1\n" if shell == "fish" else "export AWS_SDK_LOAD_CONFIG=1\n"
        )
    match shell:
        case "bash":
            parts += [
                BASH_NAMES,
                _BASH_COMPLETION,
                _SH_SWITCH,
                *([_shown(shell), _BASH_PROMPT] if prompt else []),
            ]
        case "zsh":
            parts += [_ZSH_COMPLETION, _SH_SWITCH, *([_shown(shell), _ZSH_PROMPT] if prompt else [])]
        case _:
            parts += [_FISH_COMPLETION, _FISH_SWITCH, *([_FISH_PROMPT] if prompt else [])]
    return "".join(parts).replace("USAGE", _USAGE)


def _shown(shell: str) -> str:
    return _SH_SHOWN.replace("SHELL", shell)


def run(argv: list[str]) -> int | None:
    """Run ``shell-init SHELL`` with its options and return the exit code. Returns None for any other command line."""
    words = [word for word in argv[1:] if word not in _OPTIONS]
    if len(words) != 1 or words[0] not in SHELLS:
        return None
    from vault.cli.disk_export import write_out

    write_out(text(words[0], prompt=NO_PROMPT not in argv, sdk_load_config=SDK_LOAD_CONFIG in argv).encode())
    return 0
