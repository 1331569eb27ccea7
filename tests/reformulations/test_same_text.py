"""A reformulated model is the same to the last bit, whatever the hash seed and wherever its objects lie in memory."""

import os
import subprocess
import sys

import pytest

import bilevolt as bv
from bilevolt.bounds.rows import Rows
from bilevolt.reformulations.single_level import map_of

TEXT = """
import bilevolt as bv
model = bv.models.network_pricing.build(bv.load_instance("tolls_grid"))
bv.reformulate(model, "sos1").pprint()
"""


def text_under(seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", TEXT],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.long
def test_the_hash_seed_changes_nothing():
    assert len({text_under(seed) for seed in ("1", "3")}) == 1


def test_factors_of_products_are_in_the_order_of_the_variables():
    ordered = []
    for name in ("pao2", "pao3", "fruits_01"):
        rows = Rows(map_of(bv.reformulate(bv.models.textbook.build(name), "kkt")).system)
        linear = (*rows.feasibility, *rows.stationarity, *rows.duality)
        ordered += [rows.position[i] <= rows.position[j] for row in linear for i, j in row.products]
    assert len(ordered) > 10 and all(ordered)
