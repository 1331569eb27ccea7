r"""Load and price scenarios for the fast-charging problem, with a seed.

Each scenario multiplies load and grid price of every slot by factors with mean 1: an AR(1) course in the logarithm,

.. math:: x_t = \rho x_{t-1} + \sqrt{1 - \rho^2}\, \sigma \varepsilon_t, \qquad \text{factor}_t = e^{x_t - \sigma^2 / 2}

started in its stationary distribution. Neighbouring slots are alike, as days are warm or cold, not hours.
"""

import numpy as np

from ...instances.fast_charging import FastChargingInstance, Scenario

PERSISTENCE = 0.8  # rho: correlation of neighbouring slots
DECIMALS = 4


def with_scenarios(
    instance: FastChargingInstance,
    count: int,
    seed: int = 1,
    *,
    load_deviation: float = 0.06,
    price_deviation: float = 0.05,
) -> FastChargingInstance:
    """Return the instance with so many equally likely scenarios in place of its own; 1 leaves the mean alone.

    :param load_deviation: sigma of the load's logarithm.
    :param price_deviation: sigma of the grid price's logarithm.
    :raises ValueError: a count below 1, or a negative deviation.
    """
    if count < 1 or load_deviation < 0 or price_deviation < 0:
        raise ValueError(
            f"with_scenarios needs count >= 1 and deviations >= 0, not {count}, {load_deviation}, {price_deviation}"
        )
    if count == 1:
        return instance.model_copy(update={"scenarios": (Scenario(id="mean", weight=1.0),)})
    random = np.random.default_rng(seed)
    digits = len(str(count))
    scenarios = tuple(
        Scenario(
            id=f"s{k + 1:0{digits}d}",
            weight=1 / count,
            load_factor=_course(random, instance.slots, load_deviation),
            price_factor=_course(random, instance.slots, price_deviation),
        )
        for k in range(count)
    )
    return instance.model_copy(update={"scenarios": scenarios, "name": f"{instance.name}_{count}"})


def _course(random: np.random.Generator, slots: int, deviation: float) -> tuple[float, ...]:
    noise = random.standard_normal(slots)
    course = np.empty(slots)
    course[0] = noise[0]
    for t in range(1, slots):
        course[t] = PERSISTENCE * course[t - 1] + np.sqrt(1 - PERSISTENCE**2) * noise[t]
    return tuple(np.round(np.exp(deviation * course - deviation**2 / 2), DECIMALS).tolist())
