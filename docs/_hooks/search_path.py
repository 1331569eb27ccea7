"""MkDocs hook: the API pages are read from the installed package, and not from the script ``bin/bilevolt``.

Python puts the folder of the running script (``mkdocs``) first on its path; the package's own script is there, too.
"""

import sys
from pathlib import Path
from typing import Any


def on_startup(**_: Any) -> None:
    """Take the scripts' folder off the path."""
    scripts = Path(sys.argv[0]).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != scripts]
