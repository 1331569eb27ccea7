"""Random small bilevel problems by every reformulation and solver, against enumeration; exit code 1 if any is wrong.

Five minutes of them: fuzz.py --seconds 300 --seed 7. What is wrong is shrunk and written as a script to --out. The
truth shares no code with the library, see fuzzing/enumeration.py; problem k of a seed is always the same. "Blurred" is
what is refuted only because a tolerance of 1e-5 is large for a row of that size.
"""

import itertools
import json as json_format
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer
from fuzzing.conditions import NotCoveredError
from fuzzing.enumeration import Truth, enumerate_truth
from fuzzing.generator import generate
from fuzzing.problem import Problem, flaw
from fuzzing.script import script
from fuzzing.shrink import shrink
from fuzzing.verdict import BLUR, Claim, Verdict, is_blurred, judge
from fuzzing.worker import Worker

REFORMULATIONS = ("sos1", "bigm", "indicator", "strong_duality", "product", "branch", "auto")
SOLVERS = ("gurobi", "highs", "scip", "auto")
OUTCOMES = ("right", "refused", "open", "blurred", "wrong")
TOO_GOOD = ("optimal, better", "feasible, better", "optimal, but infeasible", "feasible, but infeasible")
PAIRS = tuple(itertools.product(REFORMULATIONS, SOLVERS))

Ask = Callable[[Problem, str, str, float], Claim]


@dataclass(frozen=True)
class Finding:
    """A wrong claim; ``path`` is its script."""

    seed: int
    number: int
    reformulation: str
    solver: str
    kind: str
    said: str
    scaled: bool
    path: str


@dataclass
class Tally:
    """What has come of the runs so far."""

    counts: dict[tuple[str, str], Counter] = field(default_factory=dict)
    truths: Counter = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def runs(self) -> int:
        """How many (problem, reformulation, solver) were run."""
        return sum(sum(counts.values()) for counts in self.counts.values())

    def table(self) -> str:
        """Return a line per pair, the truths, and a line per finding."""
        lines = [f"{'pair':<24}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES)]
        total: Counter = Counter()
        for pair, counts in self.counts.items():
            lines.append(f"{' '.join(pair):<24}" + "".join(f"{counts[outcome]:>9}" for outcome in OUTCOMES))
            total += counts
        lines.append(f"{'all':<24}" + "".join(f"{total[outcome]:>9}" for outcome in OUTCOMES))
        lines.append("problems: " + ", ".join(f"{count} {truth}" for truth, count in sorted(self.truths.items())))
        lines.append(f"{self.runs} runs in {self.seconds:.0f} s")
        for finding in self.findings:
            where = f"seed {finding.seed}, problem {finding.number}"
            lines.append(f"wrong  {finding.reformulation} {finding.solver}, {where}: {finding.said} {finding.path}")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return everything as JSON."""
        pairs = {" ".join(pair): dict(counts) for pair, counts in self.counts.items()}
        data = {"pairs": pairs, "problems": dict(self.truths), "runs": self.runs, "seconds": round(self.seconds, 1)}
        return json_format.dumps(data | {"findings": [asdict(finding) for finding in self.findings]}, indent=2)


@dataclass
class Fuzzer:
    """Asks about problems, judges the answers and writes down what is wrong."""

    ask: Ask
    out: Path
    time_limit: float = 10.0
    shrink_seconds: float = 20.0
    strict: bool = False
    tally: Tally = field(default_factory=Tally)
    say: Callable[[str], None] = lambda text: typer.echo(text, err=True)

    def run(self, seed: int, number: int, pairs: Sequence[tuple[str, str]], end: float) -> None:
        """Run one problem by these pairs until the end of the time (as ``time.monotonic`` has it)."""
        problem = generate(seed, number)
        try:
            truth = self._truth(problem)
        except NotCoveredError as reason:
            self.tally.truths["not covered"] += 1
            self.say(f"seed {seed}, problem {number} is left out: {reason}")
            return
        self.tally.truths[truth.status] += 1
        known: dict[str, Finding] = {}
        for reformulation, solver in pairs:
            if time.monotonic() > end:
                return
            claim = self.ask(problem, reformulation, solver, self.time_limit)
            verdict = self._judge(claim, problem, truth)
            self.tally.counts.setdefault((reformulation, solver), Counter())[verdict.outcome] += 1
            if verdict.outcome != "wrong":
                continue
            # "auto" is often another pair; what is raised is mostly raised before there is a solver
            used = "" if claim.status == "raised" else claim.used or f"{reformulation} {solver}"
            same = f"{used}: {verdict.kind}"
            if same not in known:
                self.say(f"seed {seed}, problem {number}, {reformulation} {solver}: {verdict.said}")
                known[same] = self._write(problem, (seed, number), (reformulation, solver), verdict)
                self.tally.findings.append(known[same])

    def _truth(self, problem: Problem) -> Truth:
        fault = flaw(problem)
        if fault:
            raise NotCoveredError(fault)
        return enumerate_truth(problem)

    def _judge(self, claim: Claim, problem: Problem, truth: Truth) -> Verdict:
        """Judge a claim; what tolerances on badly scaled rows explain is "blurred", unless that is wanted too."""
        verdict = judge(claim, problem, truth)
        if self.strict or verdict.outcome != "wrong" or not verdict.kind.startswith(TOO_GOOD) or not problem.scaled:
            return verdict
        try:
            blurred = is_blurred(claim, problem, enumerate_truth(problem, BLUR))
        except NotCoveredError:
            return verdict
        return replace(verdict, outcome="blurred") if blurred else verdict

    def _write(self, problem: Problem, origin: tuple[int, int], pair: tuple[str, str], verdict: Verdict) -> Finding:
        """Shrink what is wrong, and write it as a script."""
        last = verdict

        def still_wrong(candidate: Problem) -> bool:
            nonlocal last
            try:
                truth = self._truth(candidate)
            except NotCoveredError:
                return False
            now = self._judge(self.ask(candidate, *pair, self.time_limit), candidate, truth)
            if now.outcome == "wrong" and now.kind == verdict.kind:
                last = now
                return True
            return False

        small = shrink(problem, still_wrong, self.shrink_seconds)
        seed, number = origin
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"{'_'.join(pair)}_{seed}_{number}.py"
        path.write_text(script(small, last.said, *pair, self.time_limit, f"seed {seed}, problem {number}, shrunk"))
        return Finding(seed, number, *pair, verdict.kind, last.said, small.scaled, str(path))


def turns(first: int, per_problem: int, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[int, list]]:
    """Yield problem numbers, each with its pairs: as many as wanted, the next ones for each next problem."""
    for number in itertools.count(first):
        start = (number * per_problem) % len(pairs)
        yield number, [pairs[(start + k) % len(pairs)] for k in range(min(per_problem, len(pairs)))]


def fuzz(fuzzer: Fuzzer, seed: int, work: Iterator[tuple[int, list]], seconds: float, runs: int | None) -> Tally:
    """Run problems until the time or the number of runs is used up, or Ctrl-C."""
    begin, tally = time.monotonic(), fuzzer.tally
    try:
        for number, pairs in work:
            left = len(pairs) if runs is None else runs - tally.runs
            if left <= 0 or time.monotonic() - begin > seconds:
                break
            fuzzer.run(seed, number, pairs[:left], begin + seconds)
            if number % 20 == 19:
                fuzzer.say(f"problem {number}: {tally.runs} runs, {len(tally.findings)} wrong claims")
    except KeyboardInterrupt:
        fuzzer.say("interrupted; this is what there is so far")
    tally.seconds = time.monotonic() - begin
    return tally


def _chosen(text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(known)}")
    return names


def main(
    seconds: Annotated[float, typer.Option(help="how long; what is wrong is shrunk within that time too")] = 60.0,
    seed: Annotated[int, typer.Option(help="of the problems")] = 1,
    first: Annotated[int, typer.Option(help="number of the first problem")] = 0,
    pairs: Annotated[int | None, typer.Option(help="stop after that many runs")] = None,
    per_problem: Annotated[int, typer.Option(help="runs of each problem; all of the pairs in turn")] = len(PAIRS),
    reformulations: Annotated[str, typer.Option(help="which of them")] = ",".join(REFORMULATIONS),
    solvers: Annotated[str, typer.Option(help="which of them")] = ",".join(SOLVERS),
    time_limit: Annotated[float, typer.Option(help="seconds, for each run")] = 10.0,
    shrink_seconds: Annotated[float, typer.Option(help="to shrink each wrong claim")] = 20.0,
    strict: Annotated[bool, typer.Option("--strict", help="what tolerances on tiny rows explain is wrong too")] = False,
    out: Annotated[Path, typer.Option(help="folder for the scripts of wrong claims")] = Path("fuzz_findings"),
    json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Solve random problems by every pair, compare with enumeration; exit code 1 if a claim is wrong."""
    chosen = list(itertools.product(_chosen(reformulations, REFORMULATIONS), _chosen(solvers, SOLVERS)))
    worker = Worker()
    try:
        fuzzer = Fuzzer(worker.claim, out, time_limit, shrink_seconds, strict)
        tally = fuzz(fuzzer, seed, turns(first, per_problem, chosen), seconds, pairs)
    finally:
        worker.stop()
    typer.echo(tally.to_json() if json else tally.table())
    if tally.findings:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
