"""Synthetic demand-response instances, built like ``ev50_station10``, for fleets of 1 to 500 vehicles.

After the text's Tables 1 and 3: arrivals uniform over 8:00 to 19:00, 10 to 50 kWh, 7 kW, hourly base prices of 0.12 to
0.17 $/kWh, a day from 8:00 to 8:00. The other load is proportional to the fleet: a flat part, a hump at noon and a
peak in the evening. A vehicle stays for its charging time at full power and some spare hours, and not beyond the day.
"""

from math import ceil, exp
from random import Random

from ...errors import InstanceError
from ...instances.demand_response import (
    DemandResponseInstance,
    PriorityClass,
    Station,
    Vehicle,
    Weights,
)

GREATEST_FLEET = 500
START_HOUR, SLOTS = 8, 24
LAST_ARRIVAL_HOUR, LAST_DEPARTURE_HOUR = 19, START_HOUR + SLOTS
POWER_KW, STATION_LIMIT_KW = 7.0, 100.0
LEAST_ENERGY_KWH, GREATEST_ENERGY_KWH = 10.0, 50.0
LEAST_SPARE_HOURS, GREATEST_SPARE_HOURS = 3, 8
EVS_PER_STATION = 5
CLASSES = (("patient", 0.0024), ("normal", 0.0042), ("urgent", 0.006))
# from hour (and until the next): $/kWh
BASE_PRICE = ((8, 0.15), (17, 0.17), (21, 0.15), (24, 0.12), (30, 0.15))
# other load, kW per vehicle: the flat part; humps of (kW per vehicle, hour, spread in hours)
BASE_LOAD_PER_EV = 1.4
HUMPS = ((0.4, 12.0, 2.5), (1.7, 19.0, 1.8))


def generate(
    evs: int,
    seed: int,
    stations: int | None = None,
    station_limit_kw: float = STATION_LIMIT_KW,
    name: str | None = None,
) -> DemandResponseInstance:
    """Instance with the given fleet; the same arguments give the same instance.

    :param evs: size of the fleet.
    :param seed: of the random numbers.
    :param stations: their number; default: one for every five vehicles.
    :param station_limit_kw: the same for all; below 35 kW it may bind.
    :param name: default: from size and seed.
    :raises ValueError: ``evs`` is not within 1..500, or there is no station.
    :raises InstanceError: the limit leaves no room for the energy of a station's vehicles (a higher limit will).
    """
    if not 1 <= evs <= GREATEST_FLEET:
        raise ValueError(f"evs: {evs} is outside 1..{GREATEST_FLEET}.")
    count = ceil(evs / EVS_PER_STATION) if stations is None else stations
    if count < 1:
        raise ValueError(f"stations: {count}; there has to be at least one.")
    random = Random(seed)
    try:
        return DemandResponseInstance(
            problem="demand_response",
            name=name or f"ev{evs}_seed{seed}",
            source=f"synthetic: generated for {evs} EVs, {count} station(s), seed {seed}",
            start_hour=START_HOUR,
            slot_hours=1,
            base_price_usd_per_kwh=tuple(_base_price(START_HOUR + slot) for slot in range(SLOTS)),
            base_load_kw=tuple(_base_load(evs, START_HOUR + slot) for slot in range(SLOTS)),
            price_factor_min=0.8,
            price_factor_max=2.0,
            price_level_cap=1.0,
            weights=Weights(revenue=0.6, variance=0.3, wait=0.1),
            priority_classes=tuple(PriorityClass(id=key, delay_usd_per_kwh_h=eps) for key, eps in CLASSES),
            stations=tuple(Station(id=f"station{k}", limit_kw=station_limit_kw) for k in range(count)),
            evs=_fleet(random, evs, count),
        )
    except ValueError as error:
        raise InstanceError(f"{evs} EVs with seed {seed}: {error}; raise station_limit_kw.") from error


def _fleet(random: Random, evs: int, stations: int) -> tuple[Vehicle, ...]:
    width = len(str(evs - 1))
    arrivals = sorted(random.randint(START_HOUR, LAST_ARRIVAL_HOUR) for _ in range(evs))
    return tuple(
        _vehicle(random, f"ev{number:0{width}}", f"station{number % stations}", arrival)
        for number, arrival in enumerate(arrivals)
    )


def _vehicle(random: Random, key: str, station: str, arrival: int) -> Vehicle:
    energy = round(random.uniform(LEAST_ENERGY_KWH, GREATEST_ENERGY_KWH), 1)
    stay = ceil(energy / POWER_KW) + random.randint(LEAST_SPARE_HOURS, GREATEST_SPARE_HOURS)
    return Vehicle(
        id=key,
        station=station,
        priority=random.choice(CLASSES)[0],
        arrival_h=arrival,
        departure_h=min(arrival + stay, LAST_DEPARTURE_HOUR),
        energy_kwh=energy,
        power_kw=POWER_KW,
    )


def _base_price(hour: int) -> float:
    return next(price for start, price in reversed(BASE_PRICE) if hour >= start)


def _base_load(evs: int, hour: int) -> float:
    humps = sum(height * exp(-(((hour - peak) / spread) ** 2)) for height, peak, spread in HUMPS)
    return round(evs * (BASE_LOAD_PER_EV + humps), 2)
