"""`nomba completion`: a script for the shell. Names of keys come from `nomba keys --names`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nomba_desktop.cli.command import Command, parser_of
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.terminal import Terminal


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is to complete after one command. `choices`: the values of options that have a list of them."""

    name: str
    summary: str
    options: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    takes_key: bool


class CompletionCommand:
    """Prints a completion script."""

    name = "completion"
    summary = "Print a completion script for bash, zsh or fish."
    takes_command = False

    def __init__(self, commands: Callable[[], Iterable[Command]], terminal: Terminal) -> None:
        self._commands, self._terminal = commands, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """The shell."""
        parser.add_argument("shell", choices=list(_SHELLS))
        parser.epilog = (
            'bash: eval "$(nomba completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc, after compinit; '
            "fish: nomba completion fish > ~/.config/fish/completions/nomba.fish"
        )

    def run(self, options: argparse.Namespace) -> int:
        """Print it."""

        def script() -> Result:
            text = _SHELLS[options.shell]([_known(command) for command in self._commands()])
            return Result({"shell": options.shell, "script": text}, text.splitlines())

        return report(self._terminal, self.name, options.json, script)


def _known(command: Command) -> _Known:
    actions = parser_of(command)._actions
    options = [
        (string, (action.help or "") % {"default": action.default} if action.help else "")
        for action in actions
        for string in action.option_strings
        if string.startswith("--")
    ]
    choices = [
        (action.option_strings[-1] if action.option_strings else "", tuple(str(c) for c in action.choices))
        for action in actions
        if action.choices is not None
    ]
    takes_key = any(action.metavar == "KEY" for action in actions)
    return _Known(command.name, command.summary, tuple(options), tuple(choices), takes_key)


def _bash(commands: Sequence[_Known]) -> str:
    arms = []
    for known in commands:
        words = " ".join(option for option, _ in known.options)
        arms.append(f"        {known.name})")
        arms += [
            f'            [[ $previous == {option} ]] && {{ COMPREPLY=($(compgen -W "{" ".join(values)}" -- "$word")); '
            "return; }"
            for option, values in known.choices
            if option and not any(" " in value for value in values)
        ]
        arms.append(f'            options="{words}"')
        plain = next((values for option, values in known.choices if not option), ())
        if plain:
            arms.append(f'            options+=" {" ".join(plain)}"')
        if known.takes_key:
            arms.append("            keys=1")
        arms.append("            ;;")
    names = " ".join(known.name for known in commands)
    return "\n".join([
        "# bash completion of nomba",
        "_nomba() {",
        "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options= keys= name at",
        "    COMPREPLY=()",
        "    if ((COMP_CWORD == 1)); then",
        f'        COMPREPLY=($(compgen -W "{names} --help --version" -- "$word"))',
        "        return",
        "    fi",
        "    for ((at = 2; at < COMP_CWORD; at++)); do",
        "        if [[ ${COMP_WORDS[at]} == -- ]]; then",
        '            [[ ${COMP_WORDS[1]} == exec ]] && COMPREPLY=($(compgen -c -- "$word"))',
        "            return",
        "        fi",
        "    done",
        "    case ${COMP_WORDS[1]} in",
        *arms,
        "    esac",
        "    if [[ $word == -* || ! $keys ]]; then",
        '        COMPREPLY=($(compgen -W "$options" -- "$word"))',
        "        return",
        "    fi",
        "    local typed=${word//\\\\/}",
        "    while IFS= read -r name; do",
        '        if [[ ${name,,} == "${typed,,}"* ]]; then COMPREPLY+=("$(printf "%q" "$name")"); fi',
        "    done < <(command nomba keys --names 2>/dev/null)",
        "}",
        "complete -F _nomba nomba",
    ])  # fmt: skip


def _zsh(commands: Sequence[_Known]) -> str:
    arms = []
    for known in commands:
        words = [
            f"{_zsh_quoted(f'{option}[{_zsh_plain(help_)}]' + _zsh_values(known, option))}"
            for option, help_ in known.options
        ]
        plain = next((values for option, values in known.choices if not option), ())
        if plain:
            words.append(_zsh_quoted(f"1:value:({' '.join(plain)})"))
        if known.takes_key:
            words.append("'*:key:_nomba_keys'")
        arms.append(f"        {known.name})\n            _arguments {' '.join(words)}\n            ;;")
    described = "\n".join(f"        {_zsh_quoted(f'{known.name}:{known.summary}')}" for known in commands)
    return "\n".join([
        "#compdef nomba",
        "_nomba_keys() {",
        "    local -a names",
        '    names=("${(@f)$(command nomba keys --names 2>/dev/null)}")',
        "    compadd -M 'm:{a-zA-Z}={A-Za-z}' -a names",
        "}",
        "_nomba() {",
        "    local -a commands",
        "    commands=(",
        described,
        "    )",
        "    if ((CURRENT == 2)); then",
        "        _describe command commands",
        "        return",
        "    fi",
        "    if [[ ${words[2]} == exec && ${words[(I)--]} -gt 2 && ${words[(I)--]} -lt $CURRENT ]]; then",
        "        shift words; ((CURRENT--))",
        "        _normal",
        "        return",
        "    fi",
        "    local command=${words[2]}",
        "    shift words; ((CURRENT--))",
        "    case $command in",
        *arms,
        "    esac",
        "}",
        "compdef _nomba nomba",
    ])  # fmt: skip


def _zsh_values(known: _Known, option: str) -> str:
    values = next((values for name, values in known.choices if name == option), ())
    return f":value:({' '.join(value.replace(' ', chr(92) + ' ') for value in values)})" if values else ""


def _zsh_plain(text: str) -> str:
    return text.replace("\\", "").replace("[", "(").replace("]", ")").replace(":", ",")


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(commands: Sequence[_Known]) -> str:
    lines = [
        "# fish completion of nomba",
        "function __nomba_bare",
        "    test (count (commandline -opc)) -eq 1",
        "end",
        "function __nomba_in",
        "    set -l words (commandline -opc)",
        "    test (count $words) -ge 2; and test $words[2] = $argv[1]; and not contains -- -- $words",
        "end",
        "complete -c nomba -f",
    ]
    for known in commands:
        within = f"-n '__nomba_in {known.name}'"
        lines.append(f"complete -c nomba -n __nomba_bare -a {known.name} -d {_fish_quoted(known.summary)}")
        for option, help_ in known.options:
            values = next((values for name, values in known.choices if name == option), ())
            given = (
                f" -x -a {_fish_quoted(' '.join(value.replace(' ', chr(92) + ' ') for value in values))}"
                if values
                else ""
            )
            lines.append(f"complete -c nomba {within} -l {option[2:]} -d {_fish_quoted(help_)}{given}")
        plain = next((values for option, values in known.choices if not option), ())
        if plain:
            lines.append(f"complete -c nomba {within} -a {_fish_quoted(' '.join(plain))}")
        if known.takes_key:
            lines.append(f"complete -c nomba {within} -a '(command nomba keys --names 2>/dev/null)' -d key")
    return "\n".join(lines)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS: dict[str, Callable[[Sequence[_Known]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
