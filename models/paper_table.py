"""Tables for the console as the systems' papers have them: figures on the right, words on the left."""

from collections.abc import Collection, Iterable

from rich.table import Table


def table(title: str, heads: Iterable[str], words: Collection[str] = ()) -> Table:
    """Return a table without rows; of its columns, those in ``words`` hold words."""
    shown = Table(title=title)
    for head in heads:
        shown.add_column(head, justify="left" if head in words else "right")
    return shown
