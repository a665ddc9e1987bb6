"""Scripts that complete commands in bash, zsh and fish, made from the table of commands."""

from __future__ import annotations

from app.cli.entries import Command, Kind, Option
from app.cli.table import COMMANDS, GLOBAL, flags

NAMES = (
    'atoll {data} --quiet spaces --json 2>/dev/null | sed -n \'s/^    "name": "\\(.*\\)",$/\\1/p\''
)
"""Lists the shared folders; asked only when one is to be completed."""


def script(shell: str) -> str:
    """Return the script for a shell."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def _takes_folder_first(command: Command) -> bool:
    return any(not option.is_flag and option.kind is Kind.SPACE for option in command.options)


def _choices(command: Command) -> tuple[str, ...]:
    return tuple(
        choice for option in command.options if not option.is_flag for choice in option.choices
    )


# -- bash --------------------------------------------------------------------------------
def _bash() -> str:
    cases = "\n".join(_bash_case(command) for command in COMMANDS)
    names = " ".join(command.name for command in COMMANDS)
    every = " ".join(option.name for option in GLOBAL)
    return f"""\
# bash completion of atoll
_atoll_spaces() {{
    {NAMES.format(data='${data:+--data "$data"}')}
}}
_atoll() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
    local command="" data="" at word words="" folders="" files=""
    for ((at = 1; at < COMP_CWORD; at++)); do
        word="${{COMP_WORDS[at]}}"
        case "$word" in
            --data) data="${{COMP_WORDS[++at]}}" ;;
            -*) ;;
            *) command="$word"; break ;;
        esac
    done
    COMPREPLY=()
    case "$previous" in
        --data|--into) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    esac
    case "$command" in
        "") words="{names} {every} --help --version" ;;
{cases}
    esac
    local IFS=$'\\n'
    mapfile -t COMPREPLY < <(compgen -W "${{words// /$'\\n'}}" -- "$current")
    if [[ -n $folders ]]; then
        # never compgen -W here: it would expand what stands in a name
        while IFS= read -r word; do
            [[ $word == "$current"* ]] && COMPREPLY+=("$word")
        done < <(_atoll_spaces)
    fi
    if [[ -n $files && $current != -* ]]; then
        mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
    fi
}}
complete -o filenames -F _atoll atoll
"""


def _bash_case(command: Command) -> str:
    words = " ".join([*(option.name for option in flags(command)), "--help", *_choices(command)])
    steps = [f'words="{words}"']
    chosen = [option for option in command.options if option.is_flag and option.choices]
    steps += [
        f'[[ $previous == {option.name} ]] && words="{" ".join(option.choices)}"'
        for option in chosen
    ]
    if _takes_folder_first(command):
        steps.append("folders=yes")
    if _takes_files(command):
        steps.append("files=yes")
    return f"        {command.name}) {'; '.join(steps)} ;;"


def _takes_files(command: Command) -> bool:
    return any(
        not option.is_flag and option.kind in {Kind.PATH, Kind.FOLDER} for option in command.options
    )


# -- zsh ---------------------------------------------------------------------------------
def _zsh() -> str:
    names = "\n".join(
        f"        '{command.name}:{_zsh_text(command.words)}'" for command in COMMANDS
    )
    cases = "\n".join(_zsh_case(command) for command in COMMANDS)
    every = " \\\n        ".join(_zsh_option(option) for option in GLOBAL)
    return f"""\
#compdef atoll
_atoll_spaces() {{
    local data="${{opt_args[--data]}}"
    local -a names
    names=("${{(@f)$({NAMES.format(data="${data:+--data} ${data:+$data}")})}}")
    compadd -a names
}}
_atoll() {{
    local -a names
    names=(
{names}
    )
    local state line
    typeset -A opt_args
    _arguments -C \\
        {every} \\
        '--help[show how it is used]' \\
        '--version[print the version]' \\
        '1:command:->command' \\
        '*::argument:->argument'
    case $state in
        command) _describe command names ;;
        argument)
            case $words[1] in
{cases}
            esac
            ;;
    esac
}}
_atoll "$@"
"""


def _zsh_text(words: str) -> str:
    plain = words.replace("'", "'\\''")
    for special in "[]:":
        plain = plain.replace(special, f"\\{special}")
    return plain


def _zsh_case(command: Command) -> str:
    parts = [_zsh_option(option) for option in flags(command)]
    for option in command.options:
        if not option.is_flag:
            star = "*" if option.many else ""
            parts.append(f"'{star}:{_zsh_text(option.name)}:{_zsh_action(option)}'")
    return f"                {command.name}) _arguments {' '.join(parts)} ;;"


def _zsh_option(option: Option) -> str:
    words = f"{option.name}[{_zsh_text(option.words)}]"
    value = "" if option.kind is Kind.FLAG else f":{option.key}:{_zsh_action(option)}"
    return f"'{words}{value}'"


def _zsh_action(option: Option) -> str:
    match option.kind:
        case Kind.PATH:
            return "_files"
        case Kind.FOLDER:
            return "_files -/"
        case Kind.SPACE:
            return "_atoll_spaces"
        case Kind.CHOICE:
            return f"({' '.join(option.choices)})"
        case _:
            return " "


# -- fish --------------------------------------------------------------------------------
def _fish() -> str:
    names = " ".join(command.name for command in COMMANDS)
    lines = [
        "# fish completion of atoll",
        "function __atoll_spaces",
        f"    {NAMES.format(data='').replace('  ', ' ')}",
        "end",
        f"set -l commands {names}",
        "complete -c atoll -f",
    ]
    lines += [_fish_option("atoll", "", option) for option in GLOBAL]
    for command in COMMANDS:
        text = _fish_text(command.words)
        lines.append(
            "complete -c atoll -n 'not __fish_seen_subcommand_from $commands' "
            f"-a {command.name} -d '{text}'"
        )
        lines += _fish_command(command)
    return "\n".join(lines) + "\n"


def _fish_command(command: Command) -> list[str]:
    here = f"-n '__fish_seen_subcommand_from {command.name}' "
    lines = [_fish_option("atoll", here, option) for option in command.options if option.is_flag]
    if _takes_folder_first(command):
        lines.append(f"complete -c atoll {here}-a '(__atoll_spaces)'")
    if _takes_files(command):
        lines.append(f"complete -c atoll {here}-F")
    if _choices(command):
        lines.append(f"complete -c atoll {here}-a '{' '.join(_choices(command))}'")
    return lines


def _fish_option(program: str, here: str, option: Option) -> str:
    line = f"complete -c {program} {here}-l {option.name[2:]} -d '{_fish_text(option.words)}'"
    match option.kind:
        case Kind.FLAG:
            return line
        case Kind.PATH:
            return f"{line} -r -F"
        case Kind.FOLDER:
            return f"{line} -x -a '(__fish_complete_directories)'"
        case Kind.SPACE:
            return f"{line} -x -a '(__atoll_spaces)'"
        case Kind.CHOICE:
            return f"{line} -x -a '{' '.join(option.choices)}'"
        case _:
            return f"{line} -x"


def _fish_text(words: str) -> str:
    return words.replace("\\", "\\\\").replace("'", "\\'")
