"""Names of a model as files can hold them."""

import ast
from contextlib import suppress


def word(name: str) -> str:
    """Return a component's name without spaces, and without the quotes that Pyomo puts around unusual names."""
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        with suppress(SyntaxError, ValueError):  # two quoted parts with a dot between
            name = str(ast.literal_eval(name))
    return "_".join(name.split())
