"""How two levels become one: reading the levels, then one small file per step.

==============  ===========================================================  =========================
step            what it does                                                 file
==============  ===========================================================  =========================
``kkt``         follower -> its KKT conditions; the result is an MPCC        ``kkt.py``
``mixing``      each pair by a step of its own                               ``mixing.py``
``revenue``     bilinear terms of the leader's objective, by strong duality  ``revenue.py``
``sos1``        complementarity -> SOS1                                      ``sos1.py``
``bigm``        complementarity -> binary and proven (or user's) big-M       ``bigm.py``
``indicator``   complementarity -> binary that switches one of two rows on   ``indicator.py``
``strong_...``  complementarity -> equal primal and dual objectives          ``strong_duality.py``
``product``     complementarity -> a bilinear row for each pair              ``product.py``
``branch``      complementarity -> pairs that the solver branches on         ``branch.py``
``pattern``     complementarity -> one of each pair 0, as at a point         ``pattern.py``
``user_cuts``   rows that the model offers as valid inequalities             ``user_cuts.py``
``products``    integer x bounded variable -> linear rows, exactly           ``products.py``
==============  ===========================================================  =========================
"""

from ..levels.bilevel import Bilevel
from ..levels.reading import read_levels
from .choosing import choose_reformulation, reformulate
from .linearization import Linearization
from .registry import LINEARIZATIONS
from .single_level import SingleLevel, map_of
from .transformations import register

__all__ = [
    "LINEARIZATIONS",
    "Bilevel",
    "Linearization",
    "SingleLevel",
    "choose_reformulation",
    "map_of",
    "read_levels",
    "reformulate",
]

register()
