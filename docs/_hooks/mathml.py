"""MkDocs hook: formulas become MathML when the site is built, so that its pages need no script and no network.

``pymdownx.arithmatex`` (generic) finds the formulas; browsers show MathML by themselves. Sphinx roles in docstrings
(``:func:`solve```) are reduced to what they name.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_PERP = "<mi>&#x027C2;</mi>", '<mo lspace="0.28em" rspace="0.28em">&#x022A5;</mo>'  # an operator, with space around
_ARG = re.compile(r"\\arg(?![a-z])")
_ROLE = re.compile(r":(?:func|class|mod|meth|data|exc):(?=<code>)")


def on_page_content(content: str, **_: Any) -> str:
    """Replace each formula of a page by MathML."""
    return _ROLE.sub("", _FORMULA.sub(_mathml, content))


def _mathml(found: re.Match[str]) -> str:
    element, bracket, latex = found.groups()
    written = _ARG.sub(r"\\mathrm{arg}\\,", html.unescape(latex).strip())
    formula = convert(written, display="inline" if bracket == "(" else "block").replace(*_PERP)
    unknown = re.search(r"<m[io]>\\[^<]*", formula)
    if unknown:
        raise PluginError(f"{unknown[0][4:]} in the formula {latex.strip()} is not known to latex2mathml.")
    return formula if element == "span" else f'<div class="formula">{formula}</div>'
