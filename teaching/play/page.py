"""``play``: one HTML file in which the leader's decision is moved, and the follower answers; it needs no network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...colours import FOLLOWER, IN_THE_DARK, LEVEL, OPTIMUM, REACTION, REGION, REJECTED
from ...solution import Solution
from ..draw.scene import scene_of
from .data import page_data

_LIGHT = {
    "follower": FOLLOWER, "region": REGION, "reaction": REACTION, "rejected": REJECTED, "optimum": OPTIMUM,
    "level": LEVEL,
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A page about a model; ``data`` is all that it knows, see :mod:`bilevolt.teaching.play.data`."""

    data: dict[str, Any] = field(repr=False)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the page; also write it, if there is a path."""
        text = _text("page.html")
        style = _text("page.css").replace("@light@", _variables(_LIGHT)).replace("@dark@", _variables(IN_THE_DARK))
        parts = {
            "title": escape(self.data["title"]),
            "style": style,
            "script": _text("solve.js") + _text("draw.js"),
            "data": json.dumps(self.data).replace("<", "\\u003c"),  # no name ends the script
        }
        for name, part in parts.items():
            text = text.replace(f"@{name}@", part, 1)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str:
        page = escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{page}" width="100%" height="900" style="border: 0"></iframe>'


def play(model: Any, solution: Solution | None = None) -> Page:
    """Make a page in which the leader's decision is moved by hand, with keys, or with a finger.

    :param model: one variable of the leader, one follower with one or two, as for :func:`bilevolt.plot`.
    :param solution: of :func:`bilevolt.solve`; the model is solved if there is none (its values stay as they are).
    :raises BilevoltError: the model has other sizes, uses ``dual_of``, or is none that bilevolt treats.
    """
    return Page(page_data(scene_of(model, solution)))


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _variables(values: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())
