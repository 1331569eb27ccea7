"""All pictures of the documentation: draw_gallery.py [NAME...]; without names, every one of them, in some minutes.

Each is what a command line draws, a function below, or a script; it is written to ``docs/figures/`` with few colours,
so that it stays small.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.models import fast_charging
from bilevolt.models.fast_charging import maps
from bilevolt.models.traffic import figure as traffic
from bilevolt.models.traffic.assignment import assign

FIGURES = Path(__file__).parent.parent / "docs" / "figures"
WIDEST = 1400  # pixels: twice the column of a page
COLOURS = 256
#: name of the file -> arguments of ``bilevolt``, without the one that names the file.
COMMANDS: dict[str, tuple[str, ...]] = {
    "bard511": ("plot", "bard511"),
    "electric_bus": ("compare", "limassol_small", "--methods", "leader_alone,nested", "--solvers", "highs"),
    "fast_charging": ("compare", "ieee33_small", "--methods", "nested", "--solvers", "highs"),
    "demand_response": ("compare", "ev8", "--methods", "leader_alone,nested", "--solvers", "highs"),
    "station_location": ("compare", "zone_small", "--methods", "leader_alone,nested", "--solvers", "highs"),
    "network_pricing": ("compare", "tolls_grid", "--methods", "leader_alone,nested", "--solvers", "highs"),
    "comparison": ("compare", "zone_small", "bard511", "--reformulations", "bigm,sos1", "--solvers", "highs,scip"),
}


def draw_traffic() -> Figure:
    """Draw the user equilibrium of Sioux Falls."""
    return traffic.draw(assign(bv.load_instance("sioux_falls"), "user_equilibrium"))


def draw_map(of: Callable[..., Figure | None]) -> Figure:
    """Draw the feeder or the roads of the fast-charging paper's day, at the optimum."""
    instance = bv.load_instance("ieee33_sioux_falls")
    model = fast_charging.build(instance)
    bv.solve(model, reformulation="strong_duality", solver="highs")
    drawn = of(instance, fast_charging.summary(model))
    assert drawn is not None
    return drawn


#: name of the file -> what draws it, where no command line does.
DRAWN: dict[str, Callable[[], Figure]] = {
    "traffic": draw_traffic,
    "feeder": lambda: draw_map(maps.draw_feeder),
    "roads": lambda: draw_map(maps.draw_roads),
}
#: name of the file -> script of this folder, its arguments, the picture among those that it writes.
STUDIED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "convergence": (
        "reproduce_station_location.py",
        ("zone_02", "--seeds", "3", "--evaluations", "1000", "--second", "",
         "--methods", "immune_ga,pso,annealing_dijkstra"),
        "zone_02_convergence.png",
    ),
}  # fmt: skip


def command_line(name: str, path: Path) -> list[str]:
    """Return the arguments that draw a picture into a file."""
    verb, *rest = COMMANDS[name]
    return [verb, *rest, "-o" if verb == "plot" else "--plot", str(path)]


def shrink(source: Path, target: Path) -> None:
    """Write the picture with at most ``WIDEST`` pixels across, and ``COLOURS`` colours."""
    with Image.open(source) as picture:
        small = picture.convert("RGB")
        small.thumbnail((WIDEST, 4 * WIDEST))
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def main(
    names: Annotated[list[str] | None, typer.Argument(help="pictures; all if none is named")] = None,
    out: Annotated[Path, typer.Option(help="folder")] = FIGURES,
) -> None:
    """Draw the pictures."""
    console = Console(width=150)
    known = [*COMMANDS, *DRAWN, *STUDIED]
    unknown = set(names or ()) - set(known)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: unknown; there are {', '.join(known)}")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names or known:
            drawn = Path(folder) / f"{name}.png"
            if name in DRAWN:
                DRAWN[name]().savefig(drawn, dpi=120)
            elif name in STUDIED:
                script, arguments, picture = STUDIED[name]
                command = [sys.executable, str(Path(__file__).parent / script), *arguments, "--out", folder]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                drawn = Path(folder) / picture
            else:
                result = CliRunner().invoke(app, command_line(name, drawn))
                if result.exit_code:
                    raise typer.BadParameter(f"{name}: exit code {result.exit_code}\n{result.output}")
            shrink(drawn, out / f"{name}.png")
            console.print(f"{out / name}.png, {(out / name).with_suffix('.png').stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    typer.run(main)
