"""Tables 4, 5, 7 to 11 and figures 1 to 4 of Priolkar and Kunkolienkar, and what the exact method makes of them.

    reproduce_demand_response.py                                  # 50 EVs, about 25 minutes on one core
    reproduce_demand_response.py ev8 --time-limit 60 --weights-seconds 20 --out out

Uncontrolled charging, the reaction to the base price, elephant herding (best of some seeds), the nested heuristic, and
exact: the price-box neighbourhood search for the incumbent, then the MILP with outer tangents for
the bound.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

import bilevolt as bv
from bilevolt.instances.demand_response import DemandResponseInstance, Weights
from bilevolt.models import demand_response
from bilevolt.models.demand_response import figure as figures
from bilevolt.models.demand_response import indicators, tables
from bilevolt.models.demand_response.reaction import charging_at_arrival, react

UNCONTROLLED, REACTION = "uncontrolled", "reaction to BP"
HERDING, NESTED, EXACT = "elephant herding", "nested", "exact"
HEURISTIC_SOLVER = "scip"  # HiGHS's own QP solver needs minutes for the best reaction of 50 EVs
SEARCH_SHARE = 0.7  # of the exact time, for the incumbent: the bound hardly moves after its first minute

BOUND_TOLERANCE = 1e-6

console = Console(width=180)


class Study:
    """Answers by name, how each was found, and the histories that figure 4 shows."""

    def __init__(self, instance: DemandResponseInstance, solver: str, confirm: str | None) -> None:
        self.instance, self.solver, self.confirm = instance, solver, confirm
        base = np.array(instance.base_price_usd_per_kwh)
        self.answers: dict[str, dict[str, Any]] = {
            UNCONTROLLED: demand_response.describe(instance, base, charging_at_arrival(instance)),
            REACTION: demand_response.describe(instance, base, react(instance, base)),
        }
        self.runs: dict[str, dict[str, Any]] = {}
        self.histories: dict[str, list[tuple[float, float]]] = {}

    def heuristic(self, name: str, method: str, seconds: float, **options: Any) -> None:
        """Run a heuristic; keep its answer if it is better than the one of that name."""
        model = demand_response.build(self.instance)
        solution = bv.solve(model, method=method, solver=HEURISTIC_SOLVER, time_limit=seconds, method_options=options)
        self._note(name, solution)
        known = self.answers.get(name)
        if solution.objective is None or (known is not None and known["objective"] >= solution.objective):
            return
        self.answers[name] = demand_response.summary(model)
        best = pd.Series([entry["objective"] for entry in solution.history], dtype=float).cummax()
        self.histories[name] = [(float(k + 1), float(value)) for k, value in best.items() if np.isfinite(value)]

    def exact(self, seconds: float) -> None:
        """Search for an incumbent from the best known prices, then solve for a proof or a bound, from that."""
        model = demand_response.build(self.instance)
        found, solution = solve_exactly(model, self.best_prices(), seconds, self.solver, self.confirm)
        self._note("neighbourhood", found)
        self._note(EXACT, solution)
        if found.objective is not None or solution.objective is not None:
            self.answers[EXACT] = demand_response.summary(model)

    def best_prices(self) -> list[float]:
        """Prices of the best answer so far."""
        own = {name: answer["objective"] for name, answer in self.answers.items() if name != UNCONTROLLED}
        return list(self.answers[max(own, key=own.__getitem__)]["price_usd_per_kwh"])

    def bound(self) -> float | None:
        """The proven bound of the exact method, if any."""
        return self.runs.get(EXACT, {}).get("bound")

    def gap_share(self) -> float | None:
        """(bound - F) / (bound - F at the base price): the part of the attainable gain that is open."""
        bound = self.bound()
        if bound is None or EXACT not in self.answers:
            return None
        return (bound - self.answers[EXACT]["objective"]) / (bound - self.answers[REACTION]["objective"])

    def beyond_the_bound(self) -> list[str]:
        """Answers that are better than the proven bound: there must be none."""
        bound = self.bound()
        if bound is None:
            return []
        return [name for name, answer in self.answers.items() if answer["objective"] > bound + BOUND_TOLERANCE]

    def _note(self, name: str, solution: bv.Solution) -> None:
        certificate = solution.certificate
        run = {
            "status": str(solution.status),
            "objective": solution.objective,
            "bound": solution.bound,
            "seconds": solution.seconds["total"],
            "solver": solution.solver,
            "verified": certificate is not None and certificate.bilevel_feasible,
            "confirmed_by": None if certificate is None else certificate.confirmed_by,
            "refuted_by": None if certificate is None else certificate.refuted_by,
            "notes": solution.notes,
        }
        worse = self.runs.get(name, {}).get("objective")
        if worse is None or (solution.objective is not None and solution.objective > worse):
            self.runs[name] = run
        told = f"{run['status']}, objective {run['objective']}, bound {run['bound']}, {run['seconds']:.1f} s"
        console.print(f"{name}: {told}, {run['solver']}; {'; '.join(run['notes'])}")


def solve_exactly(
    model: Any, prices: list[float], seconds: float, solver: str, confirm: str | None = None
) -> tuple[bv.Solution, bv.Solution]:
    """Neighbourhood search from these prices (or the relaxation's), then the MILP; the best is on the model."""
    for t, price in enumerate(prices):
        model.DP[t].set_value(price, skip_validation=True)
    begin = time.perf_counter()
    found = bv.solve(model, method="neighbourhood", time_limit=SEARCH_SHARE * seconds)
    left = max(1.0, seconds - (time.perf_counter() - begin))
    started = found if found.objective is not None else None
    solution = bv.solve(
        model, reformulation="bigm", solver=solver, time_limit=left, warm_start=started, confirm=confirm
    )
    known = [answer for answer in (found, solution) if answer.objective is not None]
    if known:
        best = max(known, key=lambda answer: answer.objective)
        for variable in (*model.DP.values(), *model.P.values(), *model.L.values()):
            variable.set_value(best.values[variable.name], skip_validation=True)
    return found, solution


def sweep_weights(study: Study, seconds: float) -> pd.DataFrame:
    """Table 9: the same with the paper's weights, from the prices that are best for the instance's own."""
    answers = {}
    for weights in tables.PAPER_WEIGHTS:
        chosen = Weights(revenue=weights[0], variance=weights[1], wait=weights[2])
        model = demand_response.build(study.instance.model_copy(update={"weights": chosen}))
        found, solution = solve_exactly(model, study.best_prices(), seconds, study.solver)
        if found.objective is not None or solution.objective is not None:
            answers[weights] = demand_response.summary(model) | {"bound": solution.bound}
        console.print(
            f"weights {weights}: {found.objective}; {solution.status}, {solution.objective}, {solution.bound}"
        )
    return tables.weights_table(answers)


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in frame.columns:
        table.add_column(str(column), justify="right")
    for row, values in frame.iterrows():
        table.add_row(str(row), *("" if pd.isna(value) else f"{value:.4g}" for value in values))
    console.print(table)


def all_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Every table but Table 9 and its correlations, by title."""
    answers, instance = study.answers, study.instance
    priced = {name: answer for name, answer in answers.items() if name != UNCONTROLLED}
    earning = {name: answer for name, answer in priced.items() if name != REACTION}
    best = EXACT if EXACT in answers else REACTION
    return {
        "Table 4: waits": tables.wait_table(answers),
        "Table 5: grid stress": tables.grid_table(answers),
        "Table 7: stations": indicators.stations_table(
            instance, {name: answers[name] for name in (UNCONTROLLED, best)}
        ),
        "Table 8: money": tables.economy_table(answers),
        "When the revenue is made": indicators.revenue_split(instance, earning),
        "Table 10: performance": tables.performance_table(instance, answers),
        "Table 11: validation": indicators.validation_table(instance, answers, UNCONTROLLED),
        f"Changes of {best}, %": tables.improvement_table(answers, best, (UNCONTROLLED, REACTION)),
        "Objective by how users break ties (uncontrolled charging: -alpha_2)": tables.ties_table(instance, priced),
        "Accounting (1)-(5), against uncontrolled charging": tables.accounting_table(instance, answers, UNCONTROLLED),
        "Accounting (1)-(5), against the reaction to BP": tables.accounting_table(instance, priced, REACTION),
    }


def all_figures(study: Study) -> dict[str, Figure]:
    """Figures 1 to 4, by the name of their file."""
    drawn = {
        "figure1_price": figures.price_figure(study.instance, study.answers),
        "figure2_load": figures.load_figure(study.instance, study.answers),
        "figure3_wait": figures.wait_figure(study.answers),
    }
    shown = [name for name in (UNCONTROLLED, REACTION, EXACT) if name in study.answers]
    levels = {name: study.answers[name]["objective"] for name in shown}
    if (bound := study.bound()) is not None:
        levels["bound"] = bound
    if study.histories:
        drawn["figure4_convergence"] = figures.convergence_figure(study.histories, levels)
    return drawn


def main(
    instance: Annotated[str, typer.Argument(help="name or JSON file")] = "ev50_station10",
    out: Annotated[Path | None, typer.Option(help="folder for result.json and the figures")] = None,
    time_limit: Annotated[float, typer.Option(help="seconds of exact: incumbent search and bound together")] = 600,
    herding_seeds: Annotated[int, typer.Option(min=0, help="runs of elephant herding; the best is shown")] = 5,
    herding_seconds: Annotated[float, typer.Option(help="of each run")] = 120,
    nested_seconds: Annotated[float, typer.Option(help="0: left out")] = 120,
    weights_seconds: Annotated[float, typer.Option(help="of each weight of Table 9; 0: left out")] = 40,
    solver: Annotated[str, typer.Option(help="of the exact method: highs, scip, gurobi")] = "highs",
    confirm: Annotated[str | None, typer.Option(help="another solver, asked for a better point")] = None,
) -> None:
    """Run every method, print the tables beside the paper's, and write figures and JSON."""
    data = bv.load_instance(instance)
    if not isinstance(data, DemandResponseInstance):
        raise typer.BadParameter(f"{instance} is a {data.problem} instance")
    study = Study(data, solver, confirm)
    for seed in range(1, herding_seeds + 1):
        study.heuristic(HERDING, "elephant_herding", herding_seconds, seed=seed)
    if nested_seconds:
        study.heuristic(NESTED, "nested", nested_seconds)
    study.exact(time_limit)
    printed = all_tables(study)
    if weights_seconds:
        printed["Table 9: weights"] = swept = sweep_weights(study, weights_seconds)
        printed["Table 9: correlations"] = indicators.correlation_table(swept)
    for title, frame in printed.items():
        show(f"{title} ({data.name})", frame)
    console.print(tables.PAPER_NOTE, indicators.INDICATORS_NOTE)
    if (share := study.gap_share()) is not None:
        console.print(f"exact: bound {study.bound():.6f}; open share of the attainable gain {100 * share:.1f} %")
    beaten = study.beyond_the_bound()
    console.print(f"WRONG: beyond the bound: {', '.join(beaten)}" if beaten else "no answer beats the bound")
    if out is not None:
        _write(out, study, printed)
    if beaten or study.runs[EXACT]["refuted_by"]:
        raise typer.Exit(1)


def _write(out: Path, study: Study, printed: dict[str, pd.DataFrame]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    result = {
        "instance": study.instance.name,
        "bound": study.bound(),
        "open_share": study.gap_share(),
        "runs": study.runs,
        "tables": {title: json.loads(frame.to_json(orient="index")) for title, frame in printed.items()},
        "paper": [tables.PAPER_NOTE, indicators.INDICATORS_NOTE],
        "answers": study.answers,
    }
    (out / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    for name, figure in all_figures(study).items():
        figure.savefig(out / f"{name}.png", dpi=130)
    console.print(f"written: {out}")


if __name__ == "__main__":
    typer.run(main)
