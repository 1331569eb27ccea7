r"""Accounting of demand response: the text's (1) to (5), as printed.

With initial demand :math:`d^0`, modified demand :math:`d`, initial price :math:`c^0` and new price :math:`c`:

.. math::
   (1)\; \Delta d = d - d^0, \quad (2)\; INC = inc\, \Delta d, \quad (3)\; PEN = pen\, \Delta d, \quad
   (4)\; d = d^0 \Big[ 1 + E\, \frac{c^0 - c + inc + pen}{c^0} \Big], \quad
   (5)\; C_{DR} = \sum_k Z_k \sum_t \Delta d_{kt}\, inc_t

One sign convention makes the five consistent: inc and pen are what a kWh *more* earns the consumer, so that an
incentive to fill a valley is positive and a penalty is negative, and the elasticity E is not negative: a discount
(c < c0), an incentive or a lesser penalty raises demand. (For a program that pays for a reduction, inc is negative:
then a reduction earns inc times a negative change, and demand falls.)

Source: H. Jalali, M. K. Sheikh-El-Eslami, M. Parsa and P. Siano, *Modelling of DR programs based on market elasticity
concept*, J. Ambient Intell. Humaniz. Comput. 10, 2018.
"""

import numpy as np
from numpy.typing import ArrayLike


def demand_change(initial: ArrayLike, modified: ArrayLike) -> np.ndarray:
    """(1): modified less initial demand, in their unit."""
    return np.asarray(modified, dtype=float) - np.asarray(initial, dtype=float)


def incentive(rate: ArrayLike, change: ArrayLike) -> np.ndarray:
    """(2): what consumers earn, $, at ``rate`` $/kWh for a change of demand in kWh."""
    return np.asarray(rate, dtype=float) * np.asarray(change, dtype=float)


def penalty(rate: ArrayLike, change: ArrayLike) -> np.ndarray:
    """(3): the same with the penalty's rate, which is not positive; a negative result is paid by consumers."""
    return incentive(rate, change)


def elastic_demand(
    initial: ArrayLike,
    elasticity: ArrayLike,
    initial_price: ArrayLike,
    price: ArrayLike,
    incentive_rate: ArrayLike = 0.0,
    penalty_rate: ArrayLike = 0.0,
) -> np.ndarray:
    """(4): demand that consumers of the given own-price elasticity modify theirs to.

    :raises ValueError: an initial price is not positive.
    """
    before = _positive(initial_price)
    gain = before - np.asarray(price, dtype=float) + np.asarray(incentive_rate) + np.asarray(penalty_rate)
    return np.asarray(initial, dtype=float) * (1 + np.asarray(elasticity) * gain / before)


def implied_elasticity(initial: ArrayLike, modified: ArrayLike, initial_price: ArrayLike, price: ArrayLike) -> float:
    """The one elasticity with which (4) fits a change of demand best: least squares of relative changes.

    Slots without initial demand, whose relative change is undefined, are left out; NaN where no price has changed.

    :raises ValueError: an initial price is not positive.
    """
    before, start = _positive(initial_price), np.asarray(initial, dtype=float)
    discount = ((before - np.asarray(price, dtype=float)) / before)[start > 0]
    response = demand_change(start, modified)[start > 0] / start[start > 0]
    norm = float(discount @ discount)
    return float(discount @ response) / norm if norm > 0 else float("nan")


def dr_cost(change: ArrayLike, incentive_rate: ArrayLike, responsive: ArrayLike) -> float:
    """(5): cost of the program, $.

    :param change: kWh, by load and slot.
    :param incentive_rate: $/kWh by slot.
    :param responsive: Z, by load: 1 for those that take part.
    """
    of_load = np.atleast_2d(incentive(incentive_rate, change)).sum(axis=1)
    return float(np.asarray(responsive, dtype=float) @ of_load)


def _positive(price: ArrayLike) -> np.ndarray:
    before = np.asarray(price, dtype=float)
    if not (before > 0).all():
        raise ValueError("initial_price: every price has to be positive; changes are relative to it.")
    return before
