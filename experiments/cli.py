"""Command line `lag3ig`: one verb a command; what each does stands in a file of its own."""

import gc

import typer

from .cli_files import check_command, init_command
from .cli_fit import fit_command
from .cli_model import model_command
from .cli_simulate import simulate_command
from .cli_structures import structures_command
from .cli_trial import report_command, run_command
from .combination.cli_compare import compare_command
from .hypotheses.cli_discriminate import discriminate_command
from .predictions.cli_predict import predict_command
from .randomised.cli_power import power_command
from .schedule.cli_optimise import optimise_command
from .sensitivity.cli_sensitivity import sensitivity_command

app = typer.Typer(
    name="lag3ig",
    help="Mechanistic model of LAG-3Ig (eftilagimod alpha) and the machine that runs virtual trials of it.",
    epilog="Exit codes: 0 done; 1 done, but patients could not be solved, or an unexpected fault; "
    "2 something given is wrong; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run_command)
app.command("report")(report_command)
app.command("fit")(fit_command)
app.command("structures")(structures_command)
app.command("power")(power_command)
app.command("compare")(compare_command)
app.command("predict")(predict_command)
app.command("optimise")(optimise_command)
app.command("sensitivity")(sensitivity_command)
app.command("discriminate")(discriminate_command)
app.command("simulate")(simulate_command)
app.command("model")(model_command)
app.command("init")(init_command)
app.command("check")(check_command)


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"lag3ig {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Mechanistic model of LAG-3Ig (eftilagimod alpha) and the machine that runs virtual trials of it."""


def main() -> None:
    """Run the command line on the program's arguments."""
    # Loading the libraries makes some 100,000 objects that all stay; the collector would go through them over
    # and over, a tenth of a second in all.
    gc.set_threshold(100_000)
    app()


if __name__ == "__main__":
    main()
