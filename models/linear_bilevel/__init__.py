"""Two linear levels, as read from the field's files (MPS or LP, and AUX); and back from a PAO model to such data."""

from ...instances.linear_bilevel import LinearBilevelInstance
from ..problem import Problem
from .extraction import instance_of
from .model import build, summary

__all__ = ["PROBLEM", "build", "instance_of", "summary"]

PROBLEM = Problem(schema=LinearBilevelInstance, build=build, summary=summary)
