"""What the tests of demand response share: an instance, and answers whose figures are found by hand."""

from typing import Any

import numpy as np
import pytest

import bilevolt as bv
from bilevolt.instances.demand_response import DemandResponseInstance
from bilevolt.models import demand_response
from bilevolt.models.demand_response.reaction import charging_at_arrival, react


@pytest.fixture(scope="module")
def instance() -> DemandResponseInstance:
    found = bv.load_instance("ev8")
    assert isinstance(found, DemandResponseInstance)
    return found


@pytest.fixture(scope="module")
def answers(instance: DemandResponseInstance) -> dict[str, dict[str, Any]]:
    """Charging at arrival, and reactions to the base price and to one that is dear until 20 h."""
    base = np.array(instance.base_price_usd_per_kwh)
    prices = base * np.where(np.arange(24) < 12, 1.1, 0.9)
    return {
        "uncontrolled": demand_response.describe(instance, base, charging_at_arrival(instance)),
        "reaction to BP": demand_response.describe(instance, base, react(instance, base)),
        "dear": demand_response.describe(instance, prices, react(instance, prices)),
    }
