"""M/M/s: textbook values, the formula with factorials in exact arithmetic, limits."""

import math
from fractions import Fraction

import pytest

from bilevolt.errors import InstanceError
from bilevolt.models.queueing import erlang_c, mean_wait, servers_needed


def erlang_c_exact(servers: int, load: Fraction) -> float:
    """Sum of load ** k / k! in exact fractions."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return float(last / (sum(load**k / math.factorial(k) for k in range(servers)) + last))


@pytest.mark.parametrize("servers", [1, 2, 3, 7, 20, 120])
@pytest.mark.parametrize("use", ["1/1000", "1/3", "4/5", "99/100", "999999/1000000"])
def test_erlang_c_is_the_formula(servers, use):
    load = Fraction(use) * servers
    assert erlang_c(servers, float(load)) == pytest.approx(erlang_c_exact(servers, load), rel=1e-9)


@pytest.mark.parametrize(
    ("arrivals", "service", "servers", "wait"),
    [
        (2, 3, 1, 2 / 3),  # M/M/1: rho / (mu - lambda)
        (1, 1, 2, 1 / 3),  # M/M/2: rho^2 / (mu (1 - rho^2))
        (9, 6, 2, (9 / 12) ** 2 / (6 * (1 - (9 / 12) ** 2))),
        (0, 5, 3, 0),
        (6, 2, 3, math.inf),
        (7, 2, 3, math.inf),
    ],
)
def test_mean_wait(arrivals, service, servers, wait):
    assert mean_wait(arrivals, service, servers) == pytest.approx(wait)


@pytest.mark.parametrize("servers", [10, 3000])
def test_close_to_full_use_the_queue_is_that_of_one_fast_server(servers):
    """As rho -> 1 everybody waits, 1 / (s mu - lambda)."""
    rho = 1 - 1e-10
    assert erlang_c(servers, rho * servers) == pytest.approx(1, abs=1e-6)
    spare = servers - rho * servers
    assert mean_wait(rho * servers, 1, servers) == pytest.approx(1 / spare, rel=1e-6)


@pytest.mark.parametrize("servers", [1000, 5000, 50_000])
def test_thousands_of_servers_follow_halfin_and_whitt(servers):
    """With s = a + beta sqrt(a), C tends to 1 / (1 + beta Phi(beta) / phi(beta))."""
    beta = 1.0
    load = servers - beta * math.sqrt(servers)
    normal, density = 0.5 * (1 + math.erf(beta / math.sqrt(2))), math.exp(-(beta**2) / 2) / math.sqrt(2 * math.pi)
    assert erlang_c(servers, load) == pytest.approx(1 / (1 + beta * normal / density), abs=2 / math.sqrt(servers))
    assert erlang_c(servers, load / 100) == 0


def test_wait_falls_with_servers_and_rises_with_arrivals():
    by_servers = [mean_wait(17, 2, s) for s in range(9, 40)]
    by_arrivals = [mean_wait(rate / 10, 2, 9) for rate in range(1, 180)]
    assert by_servers == sorted(by_servers, reverse=True) and by_arrivals == sorted(by_arrivals)


# The rush hour of five fast-charging stations: vehicles/h, 2 per charger and hour, at most 5 minutes.
@pytest.mark.parametrize(
    ("arrivals", "needed"), [(6.68304, 6), (7.71394, 6), (14.64042, 10), (12.01026, 9), (9.94707, 7), (0, 6)]
)
def test_chargers_of_stations(arrivals, needed):
    assert servers_needed(arrivals, 2, 5 / 60, 6, 10) == needed
    assert mean_wait(arrivals, 2, needed) <= 5 / 60
    assert needed == 6 or mean_wait(arrivals, 2, needed - 1) > 5 / 60


def test_servers_needed_is_the_first_that_does():
    for arrivals in (0.5, 3, 9.9, 25):
        brute = next(s for s in range(1, 60) if mean_wait(arrivals, 1, s) <= 0.25)
        assert servers_needed(arrivals, 1, 0.25, 1, 60) == brute


@pytest.mark.parametrize(
    ("arrivals", "maximum", "wait"), [(14.64042, 9, r"0\.1376"), (25.0, 10, "inf")], ids=["slow", "unstable"]
)
def test_a_station_that_cannot_be_sized_is_named(arrivals, maximum, wait):
    with pytest.raises(InstanceError, match=f"bus 20: {maximum} servers leave a mean wait of {wait}, .*0.08333"):
        servers_needed(arrivals, 2, 5 / 60, 6, maximum, station="bus 20")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: erlang_c(0, 1), "servers must be 1 or more"),
        (lambda: erlang_c(2, -1), "must not be negative"),
        (lambda: mean_wait(-1, 2, 3), "rates"),
        (lambda: mean_wait(1, 0, 3), "rates"),
        (lambda: mean_wait(math.nan, 2, 3), "rates"),
        (lambda: servers_needed(1, 2, 0.1, 7, 6), r"7\.\.6"),
        (lambda: servers_needed(1, 2, -0.1, 1, 6), "max_wait"),
    ],
)
def test_senseless_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
