"""A way to linearise complementarity that is not in the package, in one file, as a new one is written."""

from bilevolt.reformulations.linearization import Linearization, add_switches
from bilevolt.reformulations.single_level import Linearized


class Toy(Linearization):
    """A binary multiplies the multiplier, and what is left of it to 1 the slack."""

    name = "toy"
    about = "A binary z for each pair, and two products: exact, for a solver of nonconvex problems."
    needs = frozenset({"milp", "quadratic_constraints", "nonconvex"})
    own_products = True

    def write(self, block, level, pairs):
        add_switches(block, pairs)
        for pair in pairs:
            block.multiplier_off[pair.name] = block.switch[pair.name] * pair.multiplier <= 0
            block.slack_off[pair.name] = (1 - block.switch[pair.name]) * pair.slack <= 0
        return [Linearized(pair, self.name, pair.slack, block.switch[pair.name]) for pair in pairs]

    def formulas(self, made, say):
        z, zero = say.symbol("z"), say.number(0.0)
        return [
            (", multiplier", say.relation(say.times(z, say.multiplier), "<=", zero)),
            (", slack", say.relation(say.times(say.one_minus(z), say.slack), "<=", zero)),
            (", binary", say.binary(z)),
        ]
