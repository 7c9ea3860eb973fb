"""The bash function that completes profile names, for `completion` and `shell-init`. Imports nothing, to start quickly."""

# Bash also splits words at @ : and =, and completes only the part after the last of them. It does not split inside quotes.
BASH_NAMES = """\
_awsvault_py_names() {
    local cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} quote= before= breaks= word name
    case $cur in
    [\\"\\']*) quote=${cur:0:1} word=${cur:1} ;;
    *)
        word=${line##*[[:space:]]}
        case $word in -*=*) word=${word#*=} ;; esac
        for name in @ : =; do
            case $COMP_WORDBREAKS in *$name*) breaks+=$name ;; esac
        done
        [ -z "$breaks" ] || before=${word%"${word##*[$breaks]}"}
        ;;
    esac
    while IFS= read -r name; do
        case $name in
        "$word"*)
            name=${name#"$before"}
            case $quote in
            \\") name=${name//\\\\/\\\\\\\\} name=${name//\\"/\\\\\\"} name=${name//\\$/\\\\\\$} name=${name//\\`/\\\\\\`} ;;
            \\') name=${name//\\'/\\'\\\\\\'\\'} ;;
            *) printf -v name %q "$name" ;;
            esac
            COMPREPLY+=("$name")
            ;;
        esac
    done < <(awsvault-py --profile-names 2>/dev/null)
}
"""
