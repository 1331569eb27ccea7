"""The command line: ``bilevolt list | solve | compare | verify``."""

from .app import Exit, app, main

__all__ = ["Exit", "app", "main"]
