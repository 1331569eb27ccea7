"""Schema of demand response with an aggregator and electric vehicles, and who may charge when."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Identifier, Instance, NonNegative, Positive, Record

RELATIVE_TOLERANCE = 1e-9
FLOW_TOLERANCE = 1e-6  # kWh; a maximum flow is a sum of rounded numbers

Hour = Annotated[float, Field(ge=0, description="hours after midnight of the first day; 24 is the next midnight")]


class Weights(Record):
    """Weights alpha of the leader's composite objective; each term is divided by its normaliser."""

    revenue: Annotated[float, Field(ge=0, description="alpha_1, of F1")]
    variance: Annotated[float, Field(ge=0, description="alpha_2, of F2")]
    wait: Annotated[float, Field(ge=0, description="alpha_3, of F3")]


class PriorityClass(Record):
    """How much a class of users would pay for not waiting."""

    id: Identifier
    delay_usd_per_kwh_h: Annotated[float, Field(ge=0, description="eps: $ per kWh charged an hour later")]


class Station(Record):
    """A charging station; its limit is on the sum of its vehicles' power in every slot."""

    id: Identifier
    limit_kw: Positive


class Vehicle(Record):
    """An electric vehicle, connected to its station in [arrival, departure)."""

    id: Identifier
    station: Annotated[str, Field(description="id of the station")]
    priority: Annotated[str, Field(description="id of the priority class")]
    arrival_h: Hour
    departure_h: Hour
    energy_kwh: Annotated[float, Field(gt=0, description="E: energy to be charged before departure")]
    power_kw: Annotated[float, Field(gt=0, description="greatest charging power")]


class DemandResponseInstance(Instance):
    """Data of the demand-response problem: what the aggregator and the vehicles' users know.

    Slot t lasts ``slot_hours`` and starts at ``start_hour + t slot_hours``; the number of slots is the length of
    ``base_price_usd_per_kwh``. Arrivals and departures are at the beginning of slots.
    """

    problem: Literal["demand_response"]
    start_hour: Hour
    slot_hours: Positive
    base_price_usd_per_kwh: Annotated[tuple[Positive, ...], Field(min_length=1, description="BP by slot")]
    base_load_kw: Annotated[tuple[NonNegative, ...], Field(min_length=1, description="other load, by slot")]
    price_factor_min: Annotated[float, Field(gt=0, description="DP >= this times BP")]
    price_factor_max: Annotated[float, Field(gt=0, description="DP <= this times BP")]
    price_level_cap: Annotated[float, Field(gt=0, description="kappa: sum of DP <= kappa times sum of BP")]
    weights: Weights
    priority_classes: Annotated[tuple[PriorityClass, ...], Field(min_length=1)]
    stations: Annotated[tuple[Station, ...], Field(min_length=1)]
    evs: Annotated[tuple[Vehicle, ...], Field(min_length=1)]

    @property
    def slots(self) -> int:
        """Number of slots."""
        return len(self.base_price_usd_per_kwh)

    @property
    def end_hour(self) -> float:
        """End of the last slot."""
        return self.slot_hour(self.slots)

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        pooled = len(self.pooled_stations())
        binding = f" ({pooled} may bind)" if pooled else ""
        stations = f"{len(self.stations)} station{'s' * (len(self.stations) != 1)}"
        return f"{len(self.evs)} EVs, {stations}{binding}, {self.slots} slots"

    def slot_hour(self, slot: int) -> float:
        """Start of a slot, hours after midnight of the first day."""
        return self.start_hour + slot * self.slot_hours

    def window(self, ev: Vehicle) -> range:
        """Slots in which a vehicle is connected."""
        return range(self._slot_at(ev.arrival_h), self._slot_at(ev.departure_h))

    def delay_h(self, ev: Vehicle, slot: int) -> float:
        """Hours from a vehicle's arrival to the start of a slot."""
        return self.slot_hour(slot) - ev.arrival_h

    def delay_price(self, ev: Vehicle) -> float:
        """Eps of a vehicle, $/(kWh h)."""
        return next(item.delay_usd_per_kwh_h for item in self.priority_classes if item.id == ev.priority)

    def at_station(self, station: Station) -> tuple[Vehicle, ...]:
        """The vehicles of a station."""
        return tuple(ev for ev in self.evs if ev.station == station.id)

    def binding_slots(self, station: Station) -> tuple[int, ...]:
        """Slots in which all connected vehicles at full power would exceed the limit: elsewhere it cannot bind."""
        possible = dict.fromkeys(range(self.slots), 0.0)
        for ev in self.at_station(station):
            for slot in self.window(ev):
                possible[slot] += ev.power_kw
        most = station.limit_kw * (1 + RELATIVE_TOLERANCE)
        return tuple(slot for slot, power in possible.items() if power > most)

    def pooled_stations(self) -> tuple[Station, ...]:
        """Stations whose limit may bind, so that their vehicles are one follower."""
        return tuple(station for station in self.stations if self.binding_slots(station))

    def _slot_at(self, hour: float) -> int:
        return round((hour - self.start_hour) / self.slot_hours)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.base_load_kw) != self.slots:
            raise ValueError(
                f"base_load_kw: {len(self.base_load_kw)} values, base_price_usd_per_kwh has {self.slots}; "
                "give one value per slot in both"
            )
        self._check_prices()
        for position, ev in enumerate(self.evs):
            self._check_ev(f"evs[{position}] ('{ev.id}')", ev)
        for position, station in enumerate(self.stations):
            self._check_station(f"stations[{position}] ('{station.id}')", station)
        return self

    def _check_prices(self) -> None:
        if self.price_factor_min > self.price_factor_max:
            raise ValueError(
                f"price_factor_min: {self.price_factor_min:g} is above price_factor_max {self.price_factor_max:g}"
            )
        if self.price_factor_min > self.price_level_cap:
            raise ValueError(
                f"price_level_cap: {self.price_level_cap:g} is below price_factor_min {self.price_factor_min:g}, so "
                "that no price is allowed"
            )

    def _check_ev(self, where: str, ev: Vehicle) -> None:
        for field, given, known in (
            ("station", ev.station, [station.id for station in self.stations]),
            ("priority", ev.priority, [item.id for item in self.priority_classes]),
        ):
            if given not in known:
                raise ValueError(f"{where}.{field}: unknown {field} '{given}'; known: {', '.join(known)}")
        if ev.departure_h <= ev.arrival_h:
            raise ValueError(
                f"{where}.departure_h: {ev.departure_h:g} is not after arrival_h {ev.arrival_h:g}; hours after "
                "midnight continue past 24"
            )
        if ev.arrival_h < self.start_hour or ev.departure_h > self.end_hour + RELATIVE_TOLERANCE:
            raise ValueError(
                f"{where}: connected from {ev.arrival_h:g} to {ev.departure_h:g} h, but the slots cover "
                f"{self.start_hour:g} to {self.end_hour:g} h"
            )
        for field, hour in (("arrival_h", ev.arrival_h), ("departure_h", ev.departure_h)):
            if abs(self.slot_hour(self._slot_at(hour)) - hour) > RELATIVE_TOLERANCE * max(1.0, hour):
                raise ValueError(f"{where}.{field}: {hour:g} h is not at the beginning of a slot")
        most = ev.power_kw * (ev.departure_h - ev.arrival_h)
        if ev.energy_kwh > most * (1 + RELATIVE_TOLERANCE):
            raise ValueError(
                f"{where}.energy_kwh: {ev.energy_kwh:g} kWh cannot be charged before departure; {ev.power_kw:g} kW "
                f"from {ev.arrival_h:g} to {ev.departure_h:g} h give at most {most:g} kWh"
            )

    def _check_station(self, where: str, station: Station) -> None:
        """Check, by a maximum flow, that the limit leaves room for all vehicles' energy."""
        if not self.binding_slots(station):
            return
        import networkx as nx  # not before it is needed

        flow = nx.DiGraph()
        for ev in self.at_station(station):
            flow.add_edge("source", ev.id, capacity=ev.energy_kwh)
            for slot in self.window(ev):
                flow.add_edge(ev.id, slot, capacity=ev.power_kw * self.slot_hours)
                flow.add_edge(slot, "sink", capacity=station.limit_kw * self.slot_hours)
        most = nx.maximum_flow_value(flow, "source", "sink")
        needed = sum(ev.energy_kwh for ev in self.at_station(station))
        if most < needed - FLOW_TOLERANCE:
            raise ValueError(
                f"{where}.limit_kw: {station.limit_kw:g} kW give at most {most:.2f} of the {needed:.2f} kWh that its "
                "EVs need within their windows; raise the limit, or move an EV to another station"
            )
