"""Schema of fast-charging stations in a distribution network: grid, prices, candidates, queue, scenarios."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Count, Identifier, Instance, NonNegative, Positive, Record, first_duplicate

if TYPE_CHECKING:
    import networkx as nx

BusNumber = Annotated[int, Field(ge=1, description="number of a bus of the grid")]
Profile = Annotated[tuple[NonNegative, ...], Field(min_length=1, description="one value per slot")]


class GridBus(Record):
    """A bus and its load; the load in a slot is this times ``load_profile``."""

    bus: BusNumber
    load_kw: NonNegative


class GridLine(Record):
    """A line; power flows both ways, up to the limit. A tie switch that is open is not in service."""

    from_bus: BusNumber
    to_bus: BusNumber
    reactance_ohm: Positive
    limit_kw: Positive
    in_service: bool = True

    @property
    def key(self) -> tuple[int, int]:
        """The two buses, in the direction of positive flow."""
        return self.from_bus, self.to_bus


class Generator(Record):
    """A distributed generator that the network operator dispatches."""

    id: Identifier
    bus: BusNumber
    limit_kw: Positive
    cost_usd_per_kwh: NonNegative


class Candidate(Record):
    """A bus where a station may be built, and what tells its demand.

    All candidates of an instance give the same of ``road_node`` (with the instance's ``road_network``),
    ``inflow_vehicles`` and ``energy_kwh_per_day``.
    """

    bus: BusNumber
    site_cost_usd: Annotated[float, Field(ge=0, description="a_F, once")]
    land_cost_usd_per_charger: Annotated[float, Field(ge=0, description="a_LS, land and connection")]
    road_node: Annotated[int, Field(ge=1, description="node of the road network")] | None = None
    inflow_vehicles: Annotated[float, Field(gt=0, description="flow of the roads ending there")] | None = None
    energy_kwh_per_day: Positive | None = None
    chargers: Annotated[Count, Field(description="overrides the queue's number")] | None = None


class Charging(Record):
    """How demand becomes arrivals, chargers (an M/M/s queue at the rush hour) and power."""

    vehicles_per_day: Annotated[
        float, Field(gt=0, description="charging demand of all candidates, shared out by inflow")
    ]
    trip_weight: Annotated[Profile, Field(description="arrivals by slot; only ratios count")]
    service_rate_per_hour: Annotated[float, Field(gt=0, description="mu, vehicles per charger and hour")]
    charger_kw: Positive
    charger_cost_usd: Annotated[float, Field(ge=0, description="a_CHF")]
    least_chargers: Count
    most_chargers: Count
    longest_wait_minutes: Annotated[float, Field(gt=0, description="mean wait at the rush hour")]


class Scenario(Record):
    """One course of the day: factors on ``load_profile`` and on the grid price, by slot; absent means 1."""

    id: Identifier
    weight: Annotated[float, Field(gt=0, le=1, description="probability")]
    load_factor: Profile | None = None
    price_factor: Profile | None = None


class FastChargingInstance(Instance):
    """Data of the fast-charging problem: what the investor and the network operator know.

    A slot lasts ``slot_hours``; the number of slots is the length of ``load_profile``. Every bus takes the grid
    price only through ``grid_bus``; loads (not stations) can be shed at ``shedding_cost_usd_per_kwh``.
    """

    problem: Literal["fast_charging"]
    slot_hours: Positive
    days_per_year: Positive
    sell_price_usd_per_kwh: Annotated[float, Field(ge=0, description="C_sell, of the energy sold to vehicles")]
    interest_rate: Annotated[float, Field(ge=1e-6, le=10, description="a year, fraction")]
    lifetime_years: Annotated[int, Field(ge=1, le=200, description="n of the capital recovery factor")]
    voltage_kv: Positive
    grid_bus: BusNumber
    grid_price_usd_per_kwh: Profile
    shedding_cost_usd_per_kwh: Positive
    load_profile: Annotated[Profile, Field(description="of every bus's load, by slot")]
    road_network: Annotated[str, Field(min_length=1, description="name of a road-network instance")] | None = None
    road_assignment: Literal["system_optimum", "user_equilibrium"] | None = None
    charging: Charging
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    buses: Annotated[tuple[GridBus, ...], Field(min_length=2)]
    lines: Annotated[tuple[GridLine, ...], Field(min_length=1)]
    generators: tuple[Generator, ...] = ()
    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)]

    @property
    def slots(self) -> int:
        """Number of slots of the day."""
        return len(self.load_profile)

    @property
    def capital_recovery_factor(self) -> float:
        """CRF = r (1 + r)^n / ((1 + r)^n - 1), a year."""
        growth = (1 + self.interest_rate) ** self.lifetime_years
        return self.interest_rate * growth / (growth - 1)

    @property
    def lines_in_service(self) -> tuple[GridLine, ...]:
        """The lines that carry power."""
        return tuple(line for line in self.lines if line.in_service)

    @property
    def graph(self) -> "nx.Graph":
        """The grid in service, buses by number."""
        import networkx as nx  # not before it is needed

        graph = nx.Graph()
        graph.add_nodes_from(bus.bus for bus in self.buses)
        graph.add_edges_from((line.from_bus, line.to_bus, {"line": line}) for line in self.lines_in_service)
        return graph

    @property
    def radial(self) -> bool:
        """Whether the grid in service is a tree."""
        import networkx as nx  # not before it is needed

        return nx.is_tree(self.graph)

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        shape = "radial" if self.radial else "meshed"
        return (
            f"{len(self.buses)} buses ({shape}), {len(self.candidates)} candidates, {self.slots} slots of "
            f"{self.slot_hours:g} h, {len(self.scenarios)} scenario{'s' * (len(self.scenarios) > 1)}"
        )

    def load_kw(self, bus: GridBus, slot: int, scenario: Scenario) -> float:
        """Load of a bus in a slot of a scenario, kW."""
        factor = 1.0 if scenario.load_factor is None else scenario.load_factor[slot]
        return bus.load_kw * self.load_profile[slot] * factor

    def price_usd_per_kwh(self, slot: int, scenario: Scenario) -> float:
        """Price of the upstream grid in a slot of a scenario, $/kWh."""
        factor = 1.0 if scenario.price_factor is None else scenario.price_factor[slot]
        return self.grid_price_usd_per_kwh[slot] * factor

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for finding in chain(self._profiles(), self._grid(), self._stations(), self._weights()):
            raise ValueError(finding)
        return self

    def _profiles(self) -> Iterator[str]:
        profiles: dict[str, tuple[float, ...] | None] = {
            "grid_price_usd_per_kwh": self.grid_price_usd_per_kwh,
            "charging.trip_weight": self.charging.trip_weight,
        }
        for k, scenario in enumerate(self.scenarios):
            profiles[f"scenarios[{k}].load_factor"] = scenario.load_factor
            profiles[f"scenarios[{k}].price_factor"] = scenario.price_factor
        for name, profile in profiles.items():
            if profile is not None and len(profile) != self.slots:
                yield f"{name}: {len(profile)} values, load_profile has {self.slots}; give one value per slot in both"
        if not sum(self.charging.trip_weight):
            yield "charging.trip_weight: all weights are 0; give at least one slot a positive weight"
        if self.slots * self.slot_hours > 24:
            yield f"slot_hours: {self.slots} slots of {self.slot_hours:g} h exceed a day; shorten load_profile"

    def _grid(self) -> Iterator[str]:
        numbers = [bus.bus for bus in self.buses]
        if (twice := first_duplicate(numbers)) is not None:
            yield f"buses: bus {twice} occurs twice; give every bus one record"
        used = [("grid_bus", self.grid_bus)]
        used += [(f"candidates[{k}].bus", c.bus) for k, c in enumerate(self.candidates)]
        used += [(f"generators[{k}].bus ('{g.id}')", g.bus) for k, g in enumerate(self.generators)]
        used += [(f"lines[{k}].{end}", getattr(r, end)) for k, r in enumerate(self.lines) for end in _ENDS]
        for where, bus in used:
            if bus not in numbers:
                yield f"{where}: bus {bus} is not in buses; add it there, or correct the number"
        pairs = [tuple(sorted(line.key)) for line in self.lines]
        for k, (line, pair) in enumerate(zip(self.lines, pairs, strict=True)):
            if line.from_bus == line.to_bus:
                yield f"lines[{k}]: from bus {line.from_bus} to itself; correct one end"
            if pair in pairs[:k]:
                yield f"lines[{k}]: a second line between buses {pair[0]} and {pair[1]}; merge parallel lines into one"
        import networkx as nx  # not before it is needed

        cut_off = set(numbers) - nx.node_connected_component(self.graph, self.grid_bus)
        if cut_off:
            some = ", ".join(map(str, sorted(cut_off)[:5]))
            yield f"lines: no line in service leads from grid_bus {self.grid_bus} to bus {some}; close a switch"

    def _stations(self) -> Iterator[str]:
        for k, candidate in enumerate(self.candidates):
            where = f"candidates[{k}] (bus {candidate.bus})"
            if candidate.bus in [c.bus for c in self.candidates[:k]]:
                yield f"{where}: a second candidate at this bus; merge them"
            given = [name for name in _DEMAND if getattr(candidate, name) is not None]
            needed = "road_node" if self.road_network else None
            if len(given) != 1 or (needed and given != [needed]):
                one = needed or "inflow_vehicles or energy_kwh_per_day"
                yield f"{where}: gives {' and '.join(given) or 'no demand'}; give {one}, and nothing else"
            if given == ["road_node"] and not needed:
                yield f"{where}.road_node: there is no road_network; name one, or give inflow_vehicles"
            if given != [name for name in _DEMAND if getattr(self.candidates[0], name) is not None]:
                yield f"{where}: gives {given[0]}, candidates[0] another kind of demand; give the same for all"
        if (self.road_network is None) != (self.road_assignment is None):
            yield "road_assignment: goes with road_network; give both or none"
        if self.charging.most_chargers < self.charging.least_chargers:
            yield "charging.most_chargers: below least_chargers"

    def _weights(self) -> Iterator[str]:
        total = sum(scenario.weight for scenario in self.scenarios)
        if abs(total - 1) > 1e-9:
            yield f"scenarios: the weights sum to {total:.12g}; they are probabilities and must sum to 1"


_ENDS = ("from_bus", "to_bus")
_DEMAND = ("road_node", "inflow_vehicles", "energy_kwh_per_day")
