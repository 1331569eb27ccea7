"""Branch and bound on complementary pairs, integers and products, over HiGHS's linear programs; see :mod:`.search`."""

from .search import solve

__all__ = ["solve"]
