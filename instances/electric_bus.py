"""Schema of electric-bus charging with tariff setting, and who can charge where and when."""

from math import dist
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Identifier, Instance, Minutes, NonNegative, Position, Positive, Record

MINUTES_PER_DAY = 1440
MINUTES_PER_HOUR = 60

Share = Annotated[float, Field(ge=0, le=1)]


class Line(Record):
    """A bus line, known by its two terminals."""

    id: Identifier
    a_km: Position
    b_km: Position


class Site(Record):
    """A candidate charging site with one charger; it charges in exclusive blocks of consecutive slots."""

    id: Identifier
    charger: Annotated[Literal["slow", "fast"], Field(description="kind of charger, a label")]
    position_km: Position
    power_kw: Positive
    block_slots: Annotated[int, Field(ge=1, description="slots that one bus has the charger for itself")]
    cost_usd: Annotated[float, Field(ge=0, description="$ for the charger over all service days")]


class Bus(Record):
    """A bus charges once a day, between two minutes, from a terminal of its line."""

    id: Identifier
    line: Annotated[str, Field(description="id of the line")]
    terminal: Annotated[Literal["a", "b"], Field(description="terminal where the bus leaves and resumes service")]
    kind: Annotated[str, Field(description="duty, a label: midday, late or night")]
    free_from_minute: Annotated[Minutes, Field(description="tau: end of service before charging")]
    free_until_minute: Annotated[Minutes, Field(description="p: last departure from the terminal to a charger")]
    need_kwh: Annotated[float, Field(gt=0, description="energy to recharge, without deadhead")]


class ElectricBusInstance(Instance):
    """Data of the electric-bus problem: what the operator and the energy authority know.

    A slot f lasts ``slot_minutes`` and starts at ``start_minute + f * slot_minutes``; the number of slots is
    the length of ``base_tariff_usd_per_kwh``. A bus can start charging in block s of a site when the site is
    within reach, the block holds its need plus deadhead, and tau + t <= start of s <= p + t (t: minutes to
    the site).
    """

    problem: Literal["electric_bus"]
    start_minute: Minutes
    slot_minutes: Annotated[int, Field(ge=1, le=MINUTES_PER_DAY)]
    service_days: Annotated[float, Field(gt=0, description="ds: days over which O1 is counted")]
    reach_km: Annotated[float, Field(gt=0, description="greatest straight distance terminal to site")]
    detour_factor: Annotated[float, Field(ge=1, description="road distance / straight distance")]
    deadhead_speed_kmh: Positive
    deadhead_usd_per_km: NonNegative
    consumption_kwh_per_km: NonNegative
    least_charge_kwh: Annotated[
        float, Field(ge=0, description="a remainder below this, after slots at full power, is left uncharged")
    ]
    deviation_price_kwh: Annotated[
        float,
        Field(gt=0, description="PCP: price of 1 $/kWh of deviation in one slot, in renewable-weighted $"),
    ]
    deviation_cap_usd_per_kwh_per_kwh: Annotated[
        float, Field(gt=0, description="kappa: $/kWh of deviation allowed per kWh charged in the slot")
    ]
    revenue_floor_usd_per_day: NonNegative
    base_tariff_usd_per_kwh: Annotated[tuple[NonNegative, ...], Field(min_length=1, description="by slot")]
    renewable_share: Annotated[tuple[Share, ...], Field(min_length=1, description="RPP by slot, fraction")]
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    sites: Annotated[tuple[Site, ...], Field(min_length=1)]
    buses: Annotated[tuple[Bus, ...], Field(min_length=1)]

    @property
    def slots(self) -> int:
        """Number of slots of the day."""
        return len(self.base_tariff_usd_per_kwh)

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        sizes = f"{len(self.buses)} buses, {len(self.sites)} sites, {self.slots} slots"
        return f"{sizes} of {self.slot_minutes} min"

    def slot_minute(self, slot: int) -> int:
        """Start of a slot, minutes after midnight."""
        return self.start_minute + slot * self.slot_minutes

    def slot_energy_kwh(self, site: Site) -> float:
        """Energy that a site delivers in one slot at full power, kWh."""
        return site.power_kw * self.slot_minutes / MINUTES_PER_HOUR

    def straight_km(self, bus: Bus, site: Site) -> float:
        """Straight distance from the terminal of a bus to a site, km."""
        line = next(line for line in self.lines if line.id == bus.line)
        return dist(line.a_km if bus.terminal == "a" else line.b_km, site.position_km)

    def road_km(self, bus: Bus, site: Site) -> float:
        """Road distance from the terminal of a bus to a site, one way, km."""
        return self.detour_factor * self.straight_km(bus, site)

    def charge_kwh(self, bus: Bus, site: Site) -> float:
        """PEC: need of the bus plus the deadhead to the site and back, kWh."""
        return bus.need_kwh + self.consumption_kwh_per_km * 2 * self.road_km(bus, site)

    def window_minutes(self, bus: Bus, site: Site) -> tuple[float, float]:
        """Earliest and latest start of charging, minutes after midnight."""
        travel = self.road_km(bus, site) / self.deadhead_speed_kmh * MINUTES_PER_HOUR
        return bus.free_from_minute + travel, bus.free_until_minute + travel

    def start_slots(self, bus: Bus, site: Site) -> tuple[int, ...]:
        """First slots of the blocks in which the bus can charge at the site; empty when it cannot."""
        if self.obstacle(bus, site) is not None:
            return ()
        return self._blocks_in_window(bus, site)

    def obstacle(self, bus: Bus, site: Site) -> str | None:
        """Why the bus cannot charge at the site at any time, or None."""
        straight = self.straight_km(bus, site)
        if straight > self.reach_km:
            return f"{straight:.2f} km away, reach_km is {self.reach_km:g}"
        need, block = self.charge_kwh(bus, site), site.block_slots * self.slot_energy_kwh(site)
        if need > block:
            return f"needs {need:.2f} kWh with deadhead, a block gives {block:g}"
        if not self._blocks_in_window(bus, site):
            earliest, latest = self.window_minutes(bus, site)
            return f"no block of {site.block_slots} slots starts between minutes {earliest:.0f} and {latest:.0f}"
        return None

    def _blocks_in_window(self, bus: Bus, site: Site) -> tuple[int, ...]:
        earliest, latest = self.window_minutes(bus, site)
        starts = range(0, self.slots - site.block_slots + 1, site.block_slots)
        return tuple(s for s in starts if earliest <= self.slot_minute(s) <= latest)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.renewable_share) != self.slots:
            raise ValueError(
                f"renewable_share: {len(self.renewable_share)} values, base_tariff_usd_per_kwh has "
                f"{self.slots}; give one value per slot in both"
            )
        if self.slots * self.slot_minutes > MINUTES_PER_DAY:
            raise ValueError(
                f"base_tariff_usd_per_kwh: {self.slots} slots of {self.slot_minutes} minutes exceed a day; "
                "shorten the list or slot_minutes"
            )
        for position, bus in enumerate(self.buses):
            self._check_bus(f"buses[{position}] ('{bus.id}')", bus)
        return self

    def _check_bus(self, where: str, bus: Bus) -> None:
        known = [line.id for line in self.lines]
        if bus.line not in known:
            raise ValueError(f"{where}.line: unknown line '{bus.line}'; known lines: {', '.join(known)}")
        if bus.free_until_minute < bus.free_from_minute:
            raise ValueError(
                f"{where}.free_until_minute: {bus.free_until_minute} is before free_from_minute "
                f"{bus.free_from_minute}; times after midnight continue past 1440"
            )
        obstacles = {site.id: self.obstacle(bus, site) for site in self.sites}
        if all(obstacles.values()):
            reasons = "; ".join(f"{site}: {reason}" for site, reason in obstacles.items())
            raise ValueError(f"{where}: no possible charging event ({reasons}); move a site or widen the bus's window")
