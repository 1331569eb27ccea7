"""HTML with MathML: one file, no script, nothing from the network; every current browser shows it."""

from collections.abc import Sequence
from html import escape

from .document import Display, Grid, Item, Line, Paragraph, Step
from .formula import Name
from .printer import GREEK, Printer, plain_number
from .text import PLAIN

_SIGNS = {
    "-1": "−", "-": "−", "<=": "≤", ">=": "≥", "in": "∈", "=>": "⇒", ":=": "≔", "without": "∖",
}  # fmt: skip
_WORDS = {"real": "ℝ", "integer": "ℤ"}
_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>%s</mrow></math>'
_DISPLAYED = _MATH.replace(">", ' displaystyle="true">', 1)

_STYLE = """
.bilevolt { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 62em; margin: 2em auto; padding: 0 1em; }
.bilevolt h2 { font-size: 1.15em; margin: 1.8em 0 .4em; border-bottom: 1px solid #ccc; }
.bilevolt code { font-size: .9em; background: #f3f3f3; padding: 0 .2em; }
.bilevolt .display { overflow-x: auto; margin: .5em 0 .5em 1em; }
.bilevolt .display td { padding: .15em .8em .15em 0; vertical-align: baseline; }
.bilevolt .display td:first-child { color: #666; font-size: .85em; white-space: nowrap; }
.bilevolt math { font-size: 1.08em; }
.bilevolt .display math { padding: .1em 0 .35em; }  /* what is below a sum sign stays off the next line */
.bilevolt .display .all { padding-left: 1.5em; color: #333; }
.bilevolt .grid { border-collapse: collapse; margin: .5em 1em; font-size: .92em; }
.bilevolt .grid th, .bilevolt .grid td { border-bottom: 1px solid #ddd; padding: .2em .9em .2em 0; text-align: left;
  vertical-align: top; }
"""


class MathmlPrinter(Printer):
    """MathML's presentation elements.

    Not by ``latex2mathml`` from our LaTeX: it sets names letter by letter (the full stop of ``A.row`` as an operator,
    with space around), takes ⟂ and ∖ for identifiers, and leaves escapes inside ``\\text`` as they are.
    """

    fraction = "<mfrac><mrow>%s</mrow><mrow>%s</mrow></mfrac>"
    power = "<msup><mrow>%s</mrow><mrow>%s</mrow></msup>"
    big_sum = '<munder><mo movablelimits="false">∑</mo><mrow>%s</mrow></munder><mrow>%s</mrow>'
    times = '<mspace width="0.17em"/>'
    comma = "<mo>,</mo>"
    line_fences = '<mo form="prefix" stretchy="false">(</mo>', '<mo form="postfix" stretchy="false">)</mo>'
    dots = "<mo>…</mo>"
    signs = _SIGNS
    code = "<code>%s</code>"
    in_text = _MATH

    def escape(self, text: str) -> str:
        """Return a text without HTML's own characters."""
        return escape(text)

    def number(self, value: float) -> str:
        """Write a number; an exponent as a power of ten."""
        mantissa, e, exponent = plain_number(value).partition("e")
        if not e:
            return f"<mn>{mantissa}</mn>"
        return f"<mn>{mantissa}</mn><mo>·</mo><msup><mn>10</mn><mn>{int(exponent)}</mn></msup>"

    def symbol(self, name: Name, index: Sequence[str]) -> str:
        """Write a symbol with its indices below."""
        if not name.head:
            base = self.label(name.label)
            return f"<msub>{base}<mrow>{self.comma.join(index)}</mrow></msub>" if index else base
        below = f"<mrow>{self.comma.join([self.label(name.label), *index])}</mrow>"
        if not name.side:
            return f"<msub><mi>{name.head}</mi>{below}</msub>"
        return f"<msubsup><mi>{name.head}</mi>{below}<mi>{name.side}</mi></msubsup>"

    def label(self, text: str) -> str:
        """Write a name: one letter or a Greek one as a symbol, others upright."""
        if text in GREEK:
            return f"<mi>{GREEK[text]}</mi>"
        if text.lstrip("-").replace(".", "", 1).isdigit():
            return f"<mn>{escape(text)}</mn>"
        letter = text.rstrip("'")
        if letter != text:  # an index beside another of the same set
            return f"<msup><mi>{escape(letter)}</mi><mo>{'′' * (len(text) - len(letter))}</mo></msup>"
        return f"<mi>{escape(text)}</mi>"

    def arguments(self, name: str, args: Sequence[str]) -> str:
        """Write ``b(l)``."""
        return f"<mrow>{self.label(name)}{self.parentheses(self.comma.join(args))}</mrow>"

    def sign(self, sign: str) -> str:
        """Write a sign."""
        if sign == "and":
            return '<mo>,</mo><mspace width="1em"/>'
        form = ' form="prefix"' if sign == "-1" else ' form="infix"'
        return f"<mo{form}>{escape(self.signs.get(sign, sign))}</mo>"

    def words(self, text: str) -> str:
        """Write notation without a value."""
        if text in ("min", "max"):
            return f'<mo form="prefix" rspace="0.4em">{text}</mo>'
        return f"<mtext>{escape(_WORDS.get(text, text))}</mtext>"

    def fenced(self, fences: tuple[str, str], inside: str) -> str:
        """Write fences; they grow only around what is tall, for some browsers space the growing ones badly."""
        tall = "true" if "<munder" in inside or "<mfrac" in inside else "false"
        form = f'<mo form="{{}}" stretchy="{tall}" lspace="0em" rspace="0em">{{}}</mo>'
        return f"<mrow>{form.format('prefix', fences[0])}{inside}{form.format('postfix', fences[1])}</mrow>"


MATHML = MathmlPrinter()


def render(title: str, steps: Sequence[Step]) -> str:
    """Return an HTML page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n</head>\n'
        f"<body>\n{body(title, steps)}</body>\n</html>\n"
    )


def body(title: str, steps: Sequence[Step]) -> str:
    """Return the document as one HTML element, as notebooks take it."""
    out = [f'<div class="bilevolt">\n<style>{_STYLE}</style>', f"<h1>{escape(title)}</h1>"]
    for number, step in enumerate(steps, 1):
        out += [f"<h2>{number}. {escape(step.title)}</h2>", *map(_item, step.items)]
    return "\n".join([*out, "</div>", ""])


def _item(item: Item) -> str:
    match item:
        case Paragraph(parts):
            return f"<p>{''.join(map(MATHML.inline, parts))}</p>"
        case Display(lines):
            return f'<div class="display"><table>{"".join(map(_line, lines))}</table></div>'
        case Grid(header, rows):
            head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
            body_rows = "".join(f"<tr>{''.join(f'<td>{MATHML.inline(c)}</td>' for c in row)}</tr>\n" for row in rows)
            return f'<table class="grid"><tr>{head}</tr>\n{body_rows}</table>'


def _line(line: Line) -> str:
    (first, _), *rest = MATHML.lines(line.formula, PLAIN)
    shown = _DISPLAYED % first
    shown += "".join(
        f'<br><span style="padding-left: {2.5 * (1 + depth)}em">{_DISPLAYED % text}</span>' for text, depth in rest
    )
    if line.quantifiers:
        over = _MATH % ('<mo form="prefix">∀</mo>' + MATHML.quantifiers(line.quantifiers))
        shown += f'<span class="all">{over}</span>'
    return f"<tr><td>{escape(line.label)}</td><td>{shown}</td></tr>\n"
