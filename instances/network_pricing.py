"""Schema of network pricing: a directed network, arcs that may be tolled, and commodities that take shortest ways.

Money is in one unit (of costs, tolls and revenue alike); demand in units of traffic. The file format in which 200
instances were published (Bui, Gendron and Carvalho 2022) is read as it is, see :func:`_adopted`.
"""

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from .base import Identifier, Instance, NonNegative, Position, Positive, Record, first_duplicate

PUBLISHED = (
    "Data of Q. M. Bui, B. Gendron and M. Carvalho, A catalog of formulations for the network pricing problem, "
    "INFORMS J. Comput. 34, 2022; read from their file format."
)


class Junction(Record):
    """A node; its position serves drawings only, costs are those of the arcs."""

    id: Identifier
    position_km: Position | None = None


class Arc(Record):
    """A way from one node to another, in this direction only."""

    id: Identifier
    tail: Annotated[str, Field(description="id of the node where it begins")]
    head: Annotated[str, Field(description="id of the node where it ends")]
    cost: Annotated[NonNegative, Field(description="money per unit of traffic, without the toll")]
    tolled: Annotated[bool, Field(description="whether the leader may ask for a toll")] = False


class Commodity(Record):
    """Traffic from one node to another, which takes the way of least cost and tolls."""

    id: Identifier
    origin: Annotated[str, Field(description="id of a node")]
    destination: Annotated[str, Field(description="id of another node")]
    demand: Annotated[Positive, Field(description="units of traffic")]


class NetworkPricingInstance(Instance):
    """Data of the network pricing problem."""

    problem: Literal["network_pricing"]
    nodes: Annotated[tuple[Junction, ...], Field(min_length=2)]
    arcs: Annotated[tuple[Arc, ...], Field(min_length=1)]
    commodities: Annotated[tuple[Commodity, ...], Field(min_length=1)]

    @classmethod
    def adopt(cls, document: Any, name: str) -> dict[str, Any] | None:
        """Make a document of the published format one of this schema."""
        data = document.get("problem") if isinstance(document, dict) else None
        return _adopted(data, name) if isinstance(data, dict) and {"V", "A", "K"} <= set(data) else None

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        sizes = f"{len(self.nodes)} nodes, {len(self.arcs)} arcs ({len(self.tolled)} tolled)"
        return f"{sizes}, {len(self.commodities)} commodities"

    @property
    def tolled(self) -> tuple[Arc, ...]:
        """The arcs that may be tolled."""
        return tuple(arc for arc in self.arcs if arc.tolled)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        kinds = (("nodes", self.nodes), ("arcs", self.arcs), ("commodities", self.commodities))
        for kind, records in kinds:
            if (twice := first_duplicate(record.id for record in records)) is not None:
                raise ValueError(f"{kind}: id '{twice}' occurs twice; give every one its own id")
        known = {node.id for node in self.nodes}
        named = [(f"arcs[{k}] ('{a.id}').{end}", getattr(a, end)) for k, a in enumerate(self.arcs) for end in _ENDS]
        named += [
            (f"commodities[{k}] ('{c.id}').{end}", getattr(c, end))
            for k, c in enumerate(self.commodities)
            for end in ("origin", "destination")
        ]
        for where, node in named:
            if node not in known:
                raise ValueError(f"{where}: unknown node '{node}'; list it in nodes, or correct the name")
        for k, arc in enumerate(self.arcs):
            if arc.tail == arc.head:
                raise ValueError(f"arcs[{k}] ('{arc.id}'): leads from '{arc.tail}' to itself; leave it out")
        if not self.tolled:
            raise ValueError("arcs: none may be tolled, so that there is nothing to decide; set tolled of some to true")
        self._check_ways()
        return self

    def _check_ways(self) -> None:
        import networkx as nx  # not before it is needed

        free = nx.DiGraph()
        free.add_nodes_from(node.id for node in self.nodes)
        free.add_edges_from((arc.tail, arc.head) for arc in self.arcs if not arc.tolled)
        for k, commodity in enumerate(self.commodities):
            where = f"commodities[{k}] ('{commodity.id}')"
            if commodity.origin == commodity.destination:
                raise ValueError(f"{where}: begins and ends at '{commodity.origin}'; leave it out")
            if not nx.has_path(free, commodity.origin, commodity.destination):
                raise ValueError(
                    f"{where}: there is no way from '{commodity.origin}' to '{commodity.destination}' without tolled "
                    "arcs, so that any toll would be paid and the revenue has no bound; add a way, or a dear arc "
                    "that stands for staying at home"
                )


_ENDS = ("tail", "head")


def _adopted(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a document of our schema from ``{"V": nodes, "A": [src, dst, cost, toll], "K": [orig, dest, demand]}``.

    Nodes 1..V get their number as id, arcs ``tail-head`` (and ``tail-head.2``, ... where there are several), and
    commodities their position, from 1.

    :raises ValueError: a part is missing, or not of its kind.
    """
    try:
        nodes = [{"id": str(number)} for number in range(1, int(data["V"]) + 1)]
        seen: Counter[str] = Counter()
        arcs = []
        for given in data["A"]:
            way = f"{given['src']}-{given['dst']}"
            seen[way] += 1
            label = way if seen[way] == 1 else f"{way}.{seen[way]}"
            ends = {"tail": str(given["src"]), "head": str(given["dst"])}
            arcs.append({"id": label} | ends | {"cost": given["cost"], "tolled": given["toll"]})
        commodities = [
            {"id": str(k), "origin": str(g["orig"]), "destination": str(g["dest"]), "demand": g["demand"]}
            for k, g in enumerate(data["K"], 1)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'problem: looks like a published network pricing file ({{"V", "A", "K"}}), but {error!r}; every entry of '
            "A has src, dst, cost and toll, every entry of K orig, dest and demand, and V is the number of nodes"
        ) from error
    parts = {"nodes": nodes, "arcs": arcs, "commodities": commodities}
    return {"problem": "network_pricing", "name": name, "source": PUBLISHED} | parts
