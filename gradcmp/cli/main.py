"""The command group and the one place where errors become text and exit codes."""

import os
import signal
import sys
from importlib import import_module

import click

from gradcmp import __version__
from gradcmp.cli.streams import never_fail_to_encode
from gradcmp.errors import GradcmpError, Terminated, terminate

COMMANDS: dict[str, str] = {
    "run": "Compute the derivatives, judge them, print the tables.",
    "list": "List scenarios with their operators, dtypes and tags; executes nothing.",
    "check": "Validate scenarios; executes nothing.",
    "show": "Print a scenario as understood, or the framework code that is run.",
    "explain": "Tell in plain words why a case has its verdict.",
    "report": "Print the tables of a result file again, without any framework.",
    "backends": "Tell what is installed: versions, devices, executions.",
    "init": "Write a first scenario that passes.",
    "schema": "Print the JSON Schema of the scenario format, or of result files.",
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is used: `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gradcmp.cli.{cmd_name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="gradcmp")
def group() -> None:
    """Do PyTorch, TensorFlow and JAX compute the same gradient?

    A scenario (YAML) names a function and a point; gradcmp runs it in each framework and judges every number.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of the table in the README."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    stdout = sys.stdout
    signal.signal(signal.SIGTERM, terminate)
    never_fail_to_encode()
    code = 3
    try:
        code = (
            group.main(args=words, obj=tuple(words), prog_name="gradcmp", standalone_mode=False, color=_colour()) or 0
        )
        if sys.stdout is not None:  # it is None where it was closed from the beginning
            sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except Terminated:
        code = 143
    except BrokenPipeError:
        _silence_stdout()
        code = 0
    except SystemExit as stop:
        # click (which puts another stdout there) and rich meet a closed one by code 1; to `head` nothing went wrong.
        closed = sys.stdout is not stdout or isinstance(stop.__context__, BrokenPipeError)
        code = 0 if closed else stop.code if isinstance(stop.code, int) else 3
    except GradcmpError as error:
        _show_traceback(words)
        for complaint in error.complaints:
            _say(str(complaint))
        code = error.exit_code
    except OSError as error:  # such as a full disk behind stdout
        _show_traceback(words)
        _say(f"the system says: {error}")
        _flush_stdout()
    except Exception as error:  # noqa: BLE001  # exit code 3
        _show_traceback(words)
        _say(f"gradcmp failed: {type(error).__name__}: {error}")
        _say("this is an error inside gradcmp; `--debug` shows where: please report it")
    raise SystemExit(code)


def _show_traceback(words: list[str]) -> None:
    """Where `--debug` asks for it; printed rather than raised, so that the exit code stays the table's."""
    if "--debug" in words:
        import traceback

        traceback.print_exc()


def _say(text: str) -> None:
    click.echo(f"{click.style('error', fg='red', bold=True)}: {text}", err=True, color=_colour())


def _colour() -> bool | None:
    """What NO_COLOR (which wins) and FORCE_COLOR say of what click prints; None: colour on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR", "") not in {"", "0"} else None


def _flush_stdout() -> None:
    """What is still buffered must not raise again at exit."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _silence_stdout()


def _silence_stdout() -> None:
    """The reader has gone, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
