"""Synthetic instances of the electric-bus problem, built like ``limassol``, for fleets of 5 to 96 buses.

The plane grows with the fleet, one site serves about three buses, slow and fast chargers alternate. Loads of
a slot grow with the number of sites N, so that PCP grows and kappa falls with N: surcharges stay of one size.
The revenue floor is a share of the bill at base tariffs of the operator's cheapest timetable (deadhead and
energy, whatever the sites cost), which hence is feasible for the authority.
"""

from math import ceil, cos, dist, exp, pi, sqrt
from random import Random
from typing import Literal

from ...errors import InstanceError
from ...instances.electric_bus import Bus, ElectricBusInstance, Line, Site
from .events import base_bill, charging_events, cheapest_timetable

LEAST_FLEET, GREATEST_FLEET = 5, 96
SLOTS, SLOT_MINUTES, START_MINUTE = 48, 30, 300
WIDTH_KM, HEIGHT_KM, REACH_KM = 13.0, 6.0, 7.0  # the plane of a fleet of REFERENCE_FLEET buses
REFERENCE_FLEET, REFERENCE_SITES = 12, 4
REFERENCE_PCP_KWH, REFERENCE_KAPPA = 5.0, 0.0005
FLOOR_SHARE = 0.97
DRAWS = 10_000
KINDS = ("late", "late", "night", "midday")
# kind: earliest and latest end of service, earliest and latest last departure, minutes after midnight
DUTIES = {"midday": (570, 600, 870, 900), "late": (780, 870, 1515, 1590), "night": (1215, 1260, 1515, 1545)}
DUTY_STEP = 15
# charger: kW, slots of a block, least and greatest cost in $
CHARGERS: dict[Literal["slow", "fast"], tuple[float, int, int, int]] = {
    "slow": (40.0, 4, 28_000, 30_000),
    "fast": (120.0, 2, 44_000, 46_000),
}
# from minute (and until the next): $/kWh
BASE_TARIFF = ((300, 0.121), (420, 0.131), (960, 0.244), (1380, 0.121))
RENEWABLE_LEAST, RENEWABLE_PEAK, RENEWABLE_PEAK_MINUTE, RENEWABLE_SPREAD_MINUTES = 0.2, 0.65, 750, 250


def generate(buses: int, seed: int, name: str | None = None) -> ElectricBusInstance:
    """Instance with the given fleet; the same arguments give the same instance.

    :raises ValueError: ``buses`` is not within 5..96.
    :raises InstanceError: the draw serves not every bus at once (another seed will).
    """
    if not LEAST_FLEET <= buses <= GREATEST_FLEET:
        raise ValueError(f"buses: {buses} is outside {LEAST_FLEET}..{GREATEST_FLEET}.")
    random = Random(seed)
    scale = sqrt(buses / REFERENCE_FLEET)
    width, height = WIDTH_KM * scale, HEIGHT_KM * scale
    sites = _sites(random, max(3, round(buses / 3)), width, height)
    lines = _lines(random, ceil(0.8 * buses), sites, width, height)
    network_size = len(sites) / REFERENCE_SITES
    draft = ElectricBusInstance(
        problem="electric_bus",
        name=name or f"electric_bus_{buses}_seed{seed}",
        source=f"Synthetic: generated for {buses} buses, seed {seed}, in the structure of limassol.",
        start_minute=START_MINUTE,
        slot_minutes=SLOT_MINUTES,
        service_days=1825,
        reach_km=REACH_KM,
        detour_factor=1.25,
        deadhead_speed_kmh=22,
        deadhead_usd_per_km=1.1,
        consumption_kwh_per_km=1.3,
        least_charge_kwh=0.5,
        deviation_price_kwh=round(REFERENCE_PCP_KWH * network_size, 4),
        deviation_cap_usd_per_kwh_per_kwh=round(REFERENCE_KAPPA / network_size, 7),
        revenue_floor_usd_per_day=0,
        base_tariff_usd_per_kwh=tuple(_base_tariff(slot) for slot in range(SLOTS)),
        renewable_share=tuple(_renewable_share(slot) for slot in range(SLOTS)),
        lines=lines,
        sites=sites,
        buses=tuple(_bus(random, number, lines) for number in range(buses)),
    )
    timetable = cheapest_timetable(charging_events(draft), lambda event: event.deadhead_usd + base_bill(draft, event))
    if timetable is None:
        raise InstanceError(f"{draft.name}: buses: the sites cannot serve all at once; take another seed.")
    floor = round(FLOOR_SHARE * sum(base_bill(draft, event) for event in timetable), 2)
    return draft.model_copy(update={"revenue_floor_usd_per_day": floor})


def _sites(random: Random, count: int, width: float, height: float) -> tuple[Site, ...]:
    sites = []
    for number in range(count):
        charger: Literal["slow", "fast"] = "fast" if number % 2 else "slow"
        power, block, least, greatest = CHARGERS[charger]
        position = (round(width * (number + random.random()) / count, 2), round(random.uniform(0, height), 2))
        site = Site(
            id=f"site{number + 1}",
            charger=charger,
            position_km=position,
            power_kw=power,
            block_slots=block,
            cost_usd=random.randrange(least, greatest),
        )
        sites.append(site)
    return tuple(sites)


def _lines(random: Random, count: int, sites: tuple[Site, ...], width: float, height: float) -> tuple[Line, ...]:
    return tuple(
        Line(
            id=f"line{number + 1:02}",
            a_km=_terminal(random, sites, width, height),
            b_km=_terminal(random, sites, width, height),
        )
        for number in range(count)
    )


def _terminal(random: Random, sites: tuple[Site, ...], width: float, height: float) -> tuple[float, float]:
    """A point within reach of a fast charger, whose block holds any need: every bus gets an event."""
    for _ in range(DRAWS):
        point = round(random.uniform(0, width), 2), round(random.uniform(0, height), 2)
        if any(site.charger == "fast" and dist(point, site.position_km) <= REACH_KM for site in sites):
            return point
    raise InstanceError("lines: no terminal within reach of a fast charger; take another seed.")


def _bus(random: Random, number: int, lines: tuple[Line, ...]) -> Bus:
    kind = KINDS[number % len(KINDS)]
    first, last, depart_first, depart_last = DUTIES[kind]
    return Bus(
        id=f"bus{number + 1:02}",
        line=lines[number % len(lines)].id,
        terminal="a" if number < len(lines) else "b",
        kind=kind,
        free_from_minute=random.randrange(first, last + 1, DUTY_STEP),
        free_until_minute=random.randrange(depart_first, depart_last + 1, DUTY_STEP),
        need_kwh=round(random.uniform(35, 70), 1),
    )


def _base_tariff(slot: int) -> float:
    """Time-of-use tariff; a ripple of 0.001 $/kWh tells the slots of a period apart."""
    minute = START_MINUTE + slot * SLOT_MINUTES
    level = next(tariff for start, tariff in reversed(BASE_TARIFF) if minute >= start)
    return round(level + 0.001 * cos(2 * pi * slot * 0.381966), 4)


def _renewable_share(slot: int) -> float:
    minute = START_MINUTE + slot * SLOT_MINUTES
    bell = exp(-(((minute - RENEWABLE_PEAK_MINUTE) / RENEWABLE_SPREAD_MINUTES) ** 2))
    return round(max(RENEWABLE_LEAST, RENEWABLE_PEAK * bell), 4)
