"""Every step in ``LINEARIZATIONS`` through everything in ``step_conformance.py``; and a toy, made as a new one is."""

import pytest
from step_conformance import DECLARED, Conformance
from toy_step import Toy

from bilevolt.reformulations import LINEARIZATIONS

for _name in LINEARIZATIONS:
    globals()[f"Test{_name.title()}"] = type(f"Test{_name.title()}", (Conformance,), {"name": _name})


class TestToy(Conformance):
    """A line in the registry is all that a step in a file of its own needs."""

    name = "toy"

    @pytest.fixture(autouse=True)
    def registry_line(self, monkeypatch):
        monkeypatch.setitem(LINEARIZATIONS, "toy", Toy())


def test_every_step_is_declared():
    assert set(DECLARED) >= set(LINEARIZATIONS)
