"""``SubModel`` as type checkers see it: PAO has no annotations, so that its own class is ``Any`` to them."""

from collections.abc import Iterable
from typing import Any

from pyomo.core.base.block import ScalarBlock


class SubModel(ScalarBlock):
    """A follower: a block of the leader's model with an objective of its own; never instantiated, see ``pao_adapter``.

    :param fixed: the variables that the follower takes as given, hence the leader's.
    """

    def __init__(
        self,
        *,
        fixed: Any | Iterable[Any] | None = None,
        name: str | None = None,
        doc: str | None = None,
        concrete: bool = False,
        dense: bool = True,
    ) -> None:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError
