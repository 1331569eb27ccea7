"""What tests of the electric bus share: random timetables, their loads, floors that bind more or less."""

from random import Random

import pyomo.environ as pyo

from bilevolt.instances import load_instance
from bilevolt.models import electric_bus

INSTANCES = {name: load_instance(name) for name in ("limassol", "limassol_small")}
FORMS = ("surcharge", "poster")


def random_events(instance, seed: int) -> list:
    """One event a bus, one bus a block."""
    random, events = Random(seed), electric_bus.charging_events(instance)
    while True:
        chosen = [random.choice([e for e in events if e.bus == bus.id]) for bus in instance.buses]
        if len({(e.site, e.start) for e in chosen}) == len(chosen):
            return chosen


def load_of(chosen) -> dict[int, float]:
    load: dict[int, float] = {}
    for event in chosen:
        for slot, energy in event.energy_kwh:
            load[slot] = load.get(slot, 0.0) + energy
    return load


def plug_in(model: pyo.ConcreteModel, chosen) -> None:
    keys = {event.key for event in chosen}
    for key in model.EVENTS:
        model.u[key].fix(int(key in keys))
    for site in model.SITES:
        model.x[site].fix(int(any(event.site == site for event in chosen)))


def with_floor(instance, share: float, load: dict[int, float]):
    """The instance with a floor between this load's revenue without a floor and its largest revenue."""
    free = instance.model_copy(update={"revenue_floor_usd_per_day": 0.0})
    base, kappa = instance.base_tariff_usd_per_kwh, instance.deviation_cap_usd_per_kwh_per_kwh
    surcharge = electric_bus.tariff_reaction(free, load)["delta"]
    least = sum((base[f] + surcharge[f]) * energy for f, energy in load.items())
    largest = sum((base[f] + kappa * energy) * energy for f, energy in load.items())
    return instance.model_copy(update={"revenue_floor_usd_per_day": least + share * (largest - least)})
