"""Reading the TNTP format, in which the test networks of traffic assignment are exchanged.

Metadata lines ``<KEY> value``, comments after ``~``. The network's records are, in this order, init node, term node,
capacity, length, free-flow time, b, power, and fields that are not used here. Nodes before ``<FIRST THRU NODE>`` are
centroids. The trips file has ``Origin o`` followed by ``destination : flow;`` items; zero flows are left out.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import InstanceError
from .loader import parse_instance
from .road_network import RoadNetwork

_FIELDS = {
    "from_node": int, "to_node": int, "capacity": float, "length": float, "free_flow_time": float, "b": float,
    "power": float,
}  # fmt: skip
"""Of a network record, in this order; more may follow."""
_TRIP = re.compile(r"(\d+)\s*:\s*([^;\s]+)\s*;")


def read_tntp(
    network_file: str | Path,
    trips_file: str | Path,
    *,
    source: str,
    name: str | None = None,
    time_unit: str = "minutes",
    flow_unit: str = "vehicles per hour",
) -> RoadNetwork:
    """Read a network and its trips; the units are labels, as the format does not say them.

    :raises InstanceError: a file cannot be read, a record is not understood, or the data contradict the schema.
    """
    network_file, trips_file = Path(network_file), Path(trips_file)
    metadata, lines = _sections(network_file)
    links = [_link(network_file, number, line) for number, line in lines]
    first = _first_through_node(network_file, metadata)
    used = {node for link in links for node in (link["from_node"], link["to_node"])}
    document = {
        "problem": "road_network",
        "name": name or network_file.stem.removesuffix("_net"),
        "source": source,
        "time_unit": time_unit,
        "flow_unit": flow_unit,
        "centroids": sorted(node for node in used if node < first),
        "links": links,
        "demand": list(_trips(trips_file)),
    }
    network = parse_instance(json.dumps(document), f"{network_file} and {trips_file}")
    assert isinstance(network, RoadNetwork)
    return network


def _sections(path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Return the metadata, and the numbered lines of data without comments."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstanceError(f"{path}: cannot be read ({error}); give the path of a TNTP text file.") from error
    metadata: dict[str, str] = {}
    data = []
    for number, line in enumerate(text.splitlines(), 1):
        if tag := re.match(r"\s*<([^>]+)>(.*)", line):
            metadata[tag[1].strip()] = tag[2].split("~")[0].strip()
        elif content := line.split("~")[0].strip():
            data.append((number, content))
    return metadata, data


def _first_through_node(path: Path, metadata: dict[str, str]) -> int:
    given = metadata.get("FIRST THRU NODE") or "1"
    if not given.isdecimal():
        raise InstanceError(f"{path}: <FIRST THRU NODE> is {given!r}; write the number of a node.")
    return int(given)


def _link(path: Path, number: int, line: str) -> dict[str, float]:
    fields = line.rstrip("; \t").split()[: len(_FIELDS)]
    try:
        link = {name: kind(text) for (name, kind), text in zip(_FIELDS.items(), fields, strict=True)}
    except ValueError as error:
        raise InstanceError(
            f"{path}, line {number}: {line!r} is no link; write init node, term node, capacity, length, "
            "free-flow time, b and power."
        ) from error
    del link["length"]
    return link


def _trips(path: Path) -> Iterator[dict[str, float]]:
    origin = None
    for number, line in _sections(path)[1]:
        if header := re.fullmatch(r"Origin\s+(\d+)", line):
            origin = int(header[1])
            continue
        items = _TRIP.findall(line)
        if origin is None or not items or _TRIP.sub("", line).strip():
            raise InstanceError(
                f"{path}, line {number}: {line!r} is no list of trips; write 'Origin 1', then '2 : 100.0;' items."
            )
        for destination, flow in items:
            try:
                volume = float(flow)
            except ValueError as error:
                raise InstanceError(f"{path}, line {number}: {flow!r} is not a number of trips.") from error
            if volume != 0:
                yield {"from_node": origin, "to_node": int(destination), "flow": volume}
