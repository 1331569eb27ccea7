r"""M/M/s queue: how long vehicles wait for one of s chargers, and how many chargers keep the wait short.

With arrivals :math:`\lambda`, service :math:`\mu` per charger, offered load :math:`a = \lambda / \mu` and
:math:`\rho = a / s < 1`:

.. math:: B_0 = 1, \; B_k = \frac{a B_{k-1}}{k + a B_{k-1}}, \qquad
          C = \frac{B_s}{1 - \rho\,(1 - B_s)}, \qquad W_q = \frac{C}{s \mu - \lambda}

B is Erlang's loss probability, C his probability of having to wait, :math:`W_q` the mean wait before service. The
recursion has neither factorials nor differences of large numbers, so that it holds for thousands of chargers and for
:math:`\rho \to 1`. Rates are per any one unit of time (such as per hour), and waits are in that unit.

Source: L. Kleinrock, *Queueing Systems I: Theory*, Wiley 1975, sections 3.5 and 3.6.
"""

import math
from collections.abc import Iterator
from itertools import islice

from ..errors import InstanceError


def erlang_c(servers: int, offered_load: float) -> float:
    """Return the probability that an arrival has to wait; 1 where the servers cannot keep up (load >= servers).

    :param offered_load: arrival rate / service rate of one server, >= 0 (Erlang).
    """
    _require(servers >= 1, f"servers must be 1 or more, not {servers}")
    _require(offered_load >= 0, f"the offered load must not be negative, and is {offered_load}")
    if offered_load >= servers:
        return 1.0
    return _waiting(servers, offered_load, next(islice(_losses(offered_load), servers, None)))


def mean_wait(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the mean wait before service, in the rates' unit of time; infinite where the queue grows without end."""
    _require_rates(arrival_rate, service_rate)
    return _wait(arrival_rate, service_rate, servers, erlang_c(servers, arrival_rate / service_rate))


def servers_needed(
    arrival_rate: float, service_rate: float, max_wait: float, minimum: int, maximum: int, *, station: str = "station"
) -> int:
    """Return the smallest number of servers in minimum..maximum whose mean wait is at most ``max_wait``.

    :param station: its name, for the error.
    :raises InstanceError: even ``maximum`` servers do not do.
    """
    _require_rates(arrival_rate, service_rate)
    _require(1 <= minimum <= maximum, f"servers must satisfy 1 <= minimum <= maximum, not {minimum}..{maximum}")
    _require(max_wait >= 0, f"max_wait must not be negative, and is {max_wait}")
    load, wait = arrival_rate / service_rate, math.inf
    for servers, loss in islice(enumerate(_losses(load)), minimum, maximum + 1):
        probability = _waiting(servers, load, loss) if load < servers else 1.0
        wait = _wait(arrival_rate, service_rate, servers, probability)
        if wait <= max_wait:
            return servers
    raise InstanceError(
        f"{station}: {maximum} servers leave a mean wait of {wait:.4g}, more than {max_wait:.4g} (arrival rate "
        f"{arrival_rate:.4g}, service rate {service_rate:.4g}). Allow more servers or a longer wait."
    )


def _losses(load: float) -> Iterator[float]:
    """Yield Erlang's loss probabilities B_0, B_1, ..."""
    loss, servers = 1.0, 0
    while True:
        yield loss
        servers += 1
        loss = load * loss / (servers + load * loss)


def _waiting(servers: int, load: float, loss: float) -> float:
    return servers * loss / (servers - load + load * loss)


def _wait(arrival_rate: float, service_rate: float, servers: int, probability: float) -> float:
    spare = servers * service_rate - arrival_rate
    return probability / spare if spare > 0 else math.inf


def _require_rates(arrival_rate: float, service_rate: float) -> None:
    _require(
        0 <= arrival_rate < math.inf and 0 < service_rate < math.inf,
        f"rates must be finite, of arrivals >= 0, of service > 0; they are {arrival_rate} and {service_rate}",
    )


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(f"{otherwise}.")
