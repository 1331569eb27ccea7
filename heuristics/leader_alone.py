"""Leader alone: the leader decides with the followers' values on the model held fixed, and they react once.

It is the first iteration of :mod:`.nested`.
"""

from functools import partial

from .nested import nested

leader_alone = partial(nested, max_iterations=1)
