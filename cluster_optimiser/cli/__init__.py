"""The command line: arguments and exit codes, no logic."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.asking import dominate, explain, sensitivity, universe
from cluster_optimiser.cli.checking import check, verify
from cluster_optimiser.cli.example import demo
from cluster_optimiser.cli.preparing import new
from cluster_optimiser.cli.roads import roads
from cluster_optimiser.cli.running import evaluate, run, status
from cluster_optimiser.cli.showing import page, report, responses, schema
from cluster_optimiser.cli.stopping import SAID, stoppable
from cluster_optimiser.cli.studio import studio
from cluster_optimiser.cli.terminal import (
    EXIT_INFEASIBLE,
    EXIT_INPUT,
    EXIT_INTERRUPTED,
    EXIT_TIME,
    EXIT_UNEXPECTED,
    say,
    verbose_option,
)
from cluster_optimiser.lifetime import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Sequence

# The packages behind the commands take over a second to import, --help must not: every command
# imports what it needs when it runs.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cluster-optimiser")
@verbose_option
def app() -> None:
    """Rebuild an authority's school clusters by proved optimisation, and compare the options.

    \b
    Example:
      cluster-optimiser run scenarios --out results
    """


COMMANDS = (
    demo,
    run,
    status,
    check,
    verify,
    evaluate,
    universe,
    dominate,
    explain,
    sensitivity,
    page,
    report,
    responses,
    roads,
    schema,
    new,
    studio,
)
for command in COMMANDS:
    app.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; a user's mistake never shows a traceback.

    Parameters
    ----------
    arguments
        Arguments; those of the process if not given.
    """
    collect_seldom()
    try:
        with stoppable():
            app.main(arguments, prog_name="cluster-optimiser", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say(SAID, err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has gone, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_UNEXPECTED)
    except Exception as error:  # noqa: BLE001 - told apart below, where the import is affordable
        _explain_and_exit(error, arguments)


def _explain_and_exit(error: Exception, arguments: Sequence[str] | None) -> None:
    from cluster_optimiser.errors import (
        ClusterOptimiserError,
        InfeasibleError,
        InputError,
        NoPlanFoundError,
        ScenarioError,
    )

    if not isinstance(error, ClusterOptimiserError):
        from cluster_optimiser.cli.last_resort import tell

        for line in tell(error, arguments):
            say(line, err=True)
        sys.exit(EXIT_UNEXPECTED)
    say(f"cluster-optimiser: {error}", err=True)
    codes = {
        InputError: EXIT_INPUT,
        ScenarioError: EXIT_INPUT,
        InfeasibleError: EXIT_INFEASIBLE,
        NoPlanFoundError: EXIT_TIME,
    }
    sys.exit(codes.get(type(error), EXIT_UNEXPECTED))
