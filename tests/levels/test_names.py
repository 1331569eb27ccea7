"""Names of many components: those that Pyomo says."""

import pyomo.environ as pyo

from bilevolt.levels.names import Names


def test_names_are_pyomos():
    m = pyo.ConcreteModel()
    m.b = pyo.Block(["one", 2])
    m.b[2].x = pyo.Var([1, 2])
    m.b[2].y = pyo.Var()
    m.z = pyo.Var([("a", 1), ("b.c", 2)])
    m.add_component("od d", pyo.Var(["it's", "3"]))
    names = Names()
    variables = [*m.component_data_objects(pyo.Var), *m.component_data_objects(pyo.Var)]
    assert [names(v) for v in variables] == [v.name for v in variables]
