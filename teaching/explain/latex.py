"""LaTeX: a document for plain ``article`` with ``amsmath``; its formulas are those of the Markdown, too."""

import re
from collections.abc import Iterable, Sequence

from .document import Display, Grid, Item, Line, Paragraph, Step
from .formula import Formula, Name
from .printer import GREEK, Printer, plain_number
from .text import PLAIN

_HEADS = {"λ": r"\lambda", "ν": r"\nu", "π": r"\pi", "ℒ": r"\mathcal{L}"}
_SIGNS = {
    "<=": r"\le", ">=": r"\ge", "in": r"\in", "⟂": r"\perp", "=>": r"\Rightarrow", "without": r"\setminus",
    "and": r",\quad ",
}  # fmt: skip
_WORDS = {"min": r"\min\ ", "max": r"\max\ ", "real": r"\mathbf{R}", "integer": r"\mathbf{Z}"}
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%", "<": "$<$", ">": "$>$",
    "λ": r"$\lambda$", "ν": r"$\nu$", "π": r"$\pi$", "⟂": r"$\perp$", "≤": r"$\le$", "≥": r"$\ge$",
    "∈": r"$\in$", "·": r"$\cdot$",
    "×": r"$\times$", "∇": r"$\nabla$", "–": "--", **{letter: f"$\\{name}$" for name, letter in GREEK.items()},
}  # fmt: skip
_LAST_COLUMN = {2: 0.35, 3: 0.6, 4: 0.3}  # of the text's width, by the number of columns
_LABEL = r" \tag*{\texttt{%s}}"
_LATIN = 0x180  # characters below are in every LaTeX's fonts

_PREAMBLE = r"""\documentclass[a4paper,fleqn]{article}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\addtolength{\hoffset}{-2cm}
\addtolength{\textwidth}{4cm}
\addtolength{\voffset}{-2cm}
\addtolength{\textheight}{4cm}
"""


class LatexPrinter(Printer):
    r"""``\sum_{t \in T} 2 \, P_{t} \le \lambda^{u}_{\mathrm{limit}}``."""

    fraction = r"\frac{%s}{%s}"
    power = "{%s}^{%s}"
    big_sum = r"\sum_{%s} %s"
    times = r" \, "
    index_comma = ","
    round_fences = r"\left(", r"\right)"
    line_fences = r"\Bigl(", r"\Bigr)"
    braces = r"\{", r"\}"
    dots = r"\dots"
    signs = _SIGNS
    code = r"\texttt{%s}"
    in_text = "$%s$"

    def escape(self, text: str) -> str:
        """Return a text without LaTeX's own characters."""
        return escape(text)

    def number(self, value: float) -> str:
        """Write a number; an exponent as a power of ten."""
        mantissa, e, exponent = plain_number(value).partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa

    def symbol(self, name: Name, index: Sequence[str]) -> str:
        """Write a symbol with its indices below."""
        if not name.head:
            below = ",".join(index)
            return self.label(name.label) + (f"_{{{below}}}" if below else "")
        below = ",".join([self.label(name.label), *index])
        above = f"^{{{name.side}}}" if name.side else ""
        return f"{_HEADS.get(name.head, name.head)}{above}_{{{below}}}"

    def label(self, text: str) -> str:
        """Write a name: one letter or a Greek one as a symbol, others upright."""
        if text in GREEK:
            return f"\\{text}"
        dashes = len(text) - len(text.rstrip("'"))
        if dashes:
            return self.label(text[:-dashes]) + "'" * dashes
        return text if re.fullmatch("[A-Za-z]|-?[0-9.]+", text) else rf"\mathrm{{{_math_text(text)}}}"

    def words(self, text: str) -> str:
        """Write notation without a value."""
        return _WORDS.get(text, rf"\text{{{escape(text)}}}")


MATH = LatexPrinter()


def escape(text: str) -> str:
    """Return text with LaTeX's own characters made plain."""
    return "".join(_SPECIAL.get(c, c if ord(c) < _LATIN else f"[U+{ord(c):04X}]") for c in text)


def _math_text(text: str) -> str:
    return escape(text).replace("$", "").replace(" ", r"\ ")  # inside a formula there is no need to switch to one


def displayed(lines: Iterable[Line], label: str) -> str:
    """Return the body of ``align`` or ``aligned``.

    :param label: the form of a line's label.
    """
    rows = []
    for line in lines:
        texts = enumerate(MATH.lines(line.formula, PLAIN))
        own = [f"& {text}" if k == 0 else "& " + r"\qquad" * (1 + depth) + f" {text}" for k, (text, depth) in texts]
        if line.quantifiers:
            own[-1] += rf" \qquad \forall\, {MATH.quantifiers(line.quantifiers)}"
        if line.label:
            own[0] += label % escape(line.label)
        rows += own
    return " \\\\\n".join(rows)


def render(title: str, steps: Sequence[Step]) -> str:
    """Return a LaTeX document."""
    out = [_PREAMBLE, rf"\title{{{escape(title)}}}", r"\date{}", r"\begin{document}", r"\maketitle"]
    for step in steps:
        out += ["", rf"\section{{{escape(step.title)}}}"]
        out += [_item(item) for item in step.items]
    return "\n".join([*out, "", r"\end{document}", ""])


def _item(item: Item) -> str:
    match item:
        case Paragraph(parts):
            return "\n" + "".join(map(MATH.inline, parts)) + "\n"
        case Display(lines):
            return f"\\begin{{align*}}\n{displayed(lines, _LABEL)}\n\\end{{align*}}"
        case Grid(header, rows):
            return _grid(header, rows)


def _grid(header: Sequence[str], rows: Sequence[Sequence[str | Formula]]) -> str:
    size = len(header)
    columns = "l" * (size - 1) + rf"p{{{_LAST_COLUMN[size]}\textwidth}}" if size in _LAST_COLUMN else "l" * size
    lines = [" & ".join(rf"\textbf{{{escape(cell)}}}" for cell in header) + r" \\ \hline"]
    for row in rows:
        *front, last = map(MATH.inline, row)
        ragged = rf"\raggedright {last} \tabularnewline" if size in _LAST_COLUMN else rf"{last} \\"
        lines.append(" & ".join([*front, ragged]))
    body = "\n".join(lines)
    return f"\n{{\\small\n\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}}}\n"
