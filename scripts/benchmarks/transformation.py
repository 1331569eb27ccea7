"""Two levels become one: ``sos1`` against PAO's FA and Pyomo's own chain, which know no prices, on a DC-OPF."""

from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo
from pyomo.common.collections import ComponentSet
from pyomo.core.expr.visitor import identify_variables

import bilevolt as bv

from .row import Row, in_turns

AIM = 0.25  # seconds
TIMES_FA = 1 / 30


def rows(repeats: int, instance: str) -> Iterator[Row]:
    """Yield ours alone, then ours against each peer on the same model without prices in the leader's problem."""
    loaded = bv.load_instance(instance)
    model = bv.models.fast_charging.build(loaded)
    (alone,) = in_turns(repeats, lambda: bv.reformulate(model, "sos1"))
    yield Row(
        "transformation", "-", AIM, alone, None, "Pyomo's own objects: a set, a row and two variables for each pair"
    )
    priceless = without_prices(bv.models.fast_charging.build(loaded))
    again = [without_prices(bv.models.fast_charging.build(loaded)) for _ in range(2 * repeats)]
    ours, fa, chain = in_turns(
        repeats, lambda: bv.reformulate(priceless, "sos1"), lambda: _fa(again.pop()), lambda: _chain(again.pop())
    )
    yield Row("transformation-fa", "PAO pao.pyomo FA", TIMES_FA, ours, fa, "as above; the aim is 30 times as fast")
    yield Row("transformation-chain", "core.kkt, mpec.simple_disjunction, gdp.bigm", 0.1, ours, chain, "as above")


def without_prices(model: Any) -> Any:
    """Return the model with an objective of the leader that holds no prices: no peer knows any."""
    objective = next(model.component_data_objects(pyo.Objective, active=True, descend_into=pyo.Block))
    objective.set_value(pyo.quicksum(model.U.values()))
    return model


def _fa(model: Any) -> None:
    """Make what PAO's FA gives to its MIP solver: arrays, standard form, the model with M = 1e5."""
    from pao.mpr.convert_repn import convert_to_standard_form
    from pao.mpr.solvers.fa import LinearMultilevelSolver_FA
    from pao.pyomo.convert import convert_pyomo2MultilevelProblem

    problem, _ = convert_pyomo2MultilevelProblem(model, inequalities=True)
    form, _ = convert_to_standard_form(problem, inequalities=False)
    LinearMultilevelSolver_FA()._create_pyomo_model(form, 1e5)


def _chain(model: Any) -> None:
    for follower in bv.reformulations.read_levels(model).followers:
        own = ComponentSet(follower.variables)
        parts = (follower.objective, *follower.constraints)
        seen = ComponentSet(v for part in parts for v in identify_variables(part.expr, include_fixed=True))
        given = [variable for variable in seen if variable not in own]
        pyo.TransformationFactory("core.kkt").apply_to(follower.block, parameterize_wrt=given)
        follower.block.parent_component().parent_block().reclassify_component_type(
            follower.block.parent_component(), pyo.Block
        )
    pyo.TransformationFactory("mpec.simple_disjunction").apply_to(model)
    pyo.TransformationFactory("gdp.bigm").apply_to(model, bigM=1e5)
