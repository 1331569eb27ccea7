"""LaTeX, Markdown and HTML: exact strings, and documents that LaTeX and an XML reader accept."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from explained_models import MODELS, dc_opf, mixed_rows, two_followers

import bilevolt as bv
from bilevolt import explain
from bilevolt.teaching.explain.formula import (
    BigSum,
    Call,
    Data,
    IndexSet,
    IndexVar,
    Lookup,
    Name,
    Number,
    Power,
    Product,
    Quantifier,
    Quotient,
    Relation,
    Shifted,
    Sum,
    Symbol,
    Table,
    Words,
    add,
    multiply,
    negate,
)
from bilevolt.teaching.explain.html import MATHML
from bilevolt.teaching.explain.latex import MATH, escape
from bilevolt.teaching.explain.text import PLAIN

T, G = IndexVar("t"), IndexVar("g")
HOURS = IndexSet("T", {(): ((1,), (2,), (3,))})
UNITS = IndexSet("", {(): (("coal",), ("gas",))})
AT = IndexSet("I", {(1,): (("coal",),)}, args=(T,))
X, Y = Symbol(Name("x")), Symbol(Name("y_max"))
P = Symbol(Name("P"), (G, T))
LAMBDA = Symbol(Name("demand", "λ", "l"), (T,))
COST = Data(Table("a", {}), (G,))

FORMULAS = [
    (add((X, negate(Y), Number(3.0))), "x - y_max + 3", r"x - \mathrm{y\_max} + 3"),
    (multiply((Number(-2.5), X, LAMBDA)), "-2.5*x*λ^l_demand[t]", r"-2.5 \, x \, \lambda^{l}_{\mathrm{demand},t}"),
    (
        BigSum((Quantifier((G,), UNITS), Quantifier((T,), HOURS)), (Product((COST, P)),)),
        "sum{g in {coal, gas}, t in T} a[g]*P[g, t]",
        r"\sum_{g \in \{\mathrm{coal}, \mathrm{gas}\}, t \in T} a_{g} \, P_{g,t}",
    ),
    (BigSum((Quantifier((G,), AT),), (P,)), "sum{g in I(t)} P[g, t]", r"\sum_{g \in I(t)} P_{g,t}"),
    (Power((Sum((X, Number(-1.0))), Number(2.0))), "(x - 1)^2", r"{\left(x - 1\right)}^{2}"),
    (Quotient((Sum((X, Y)), Number(0.1))), "(x + y_max)/0.1", r"\frac{x + \mathrm{y\_max}}{0.1}"),
    (Call("exp", (X,)), "exp(x)", r"\text{exp}\left(x\right)"),
    (
        Relation((Number(0.0), LAMBDA, X, Number(0.0)), ("<=", "⟂", ">=")),
        "0 <= λ^l_demand[t] ⟂ x >= 0",
        r"0 \le \lambda^{l}_{\mathrm{demand},t} \perp x \ge 0",
    ),
    (Symbol(Name("P"), (G, Shifted(T, -1))), "P[g, t - 1]", r"P_{g,t - 1}"),
    (
        Symbol(Name("theta"), (Lookup(Table("phi", {}), (G,)),)),
        "theta[phi(g)]",
        r"\theta_{\phi(g)}",
    ),
    (Relation((X, Words("{0, 1}")), ("in",)), "x in {0, 1}", r"x \in \text{\{0, 1\}}"),
    (Words("SOS1", (LAMBDA, X)), "SOS1(λ^l_demand[t], x)", None),
    (Number(1.5e-7), "1.5e-07", r"1.5 \cdot 10^{-7}"),
    (multiply((LAMBDA, Sum((X, Number(-6.0))))), "λ^l_demand[t]*(x - 6)", None),
    (negate(BigSum((Quantifier((T,), HOURS),), (P,))), "-sum{t in T} P[g, t]", r"-\sum_{t \in T} P_{g,t}"),
]


@pytest.mark.parametrize("formula, plain, latex", FORMULAS, ids=[entry[1] for entry in FORMULAS])
def test_formulas(formula, plain, latex):
    assert PLAIN.show(formula) == plain
    if latex is not None:
        assert MATH.show(formula) == latex
    ElementTree.fromstring(f"<math>{MATHML.show(formula)}</math>")


def test_mathml_of_a_sum():
    assert MATHML.show(add((multiply((Number(2.0), X)), negate(LAMBDA)))) == (
        '<mn>2</mn><mspace width="0.17em"/><mi>x</mi><mo form="infix">−</mo>'
        "<msubsup><mi>λ</mi><mrow><mi>demand</mi><mo>,</mo><mi>t</mi></mrow><mi>l</mi></msubsup>"
    )


def test_mathml_of_a_span_is_made_of_elements_only():
    span = IndexSet("", {(): tuple((k,) for k in range(1, 6))})
    shown = MATHML.quantifiers((Quantifier((T,), span),))
    assert "<mn>1</mn><mo>,</mo><mo>…</mo><mo>,</mo><mn>5</mn>" in shown
    assert PLAIN.quantifiers((Quantifier((T,), span),)) == "t in {1, ..., 5}"
    assert MATH.quantifiers((Quantifier((T,), span),)) == r"t \in \{1, \dots, 5\}"


STATIONARITY_LATEX = r"""
\section{Stationarity, variable by variable}

The derivative of the Lagrangian by each variable of the follower is 0 (dual feasibility of an LP):

\begin{align*}
& 1 - \lambda^{u}_{\mathrm{A.row}} - \lambda^{l}_{\mathrm{A.y}} = 0 \tag*{\texttt{A.y}}
\end{align*}
\begin{align*}
& \lambda^{u}_{\mathrm{B.row}} - \lambda^{l}_{\mathrm{B.y}} - 1 = 0 \tag*{\texttt{B.y}}
\end{align*}

\end{document}
"""


def test_a_step_in_latex():
    text = explain(two_followers(), "kkt").step("stationarity").to_latex()
    assert text[text.index("\n\\section") :] == STATIONARITY_LATEX
    assert set(re.findall(r"\\usepackage(?:\[.*?\])?\{(.*?)\}", text)) == {"amsmath"}


STATIONARITY_MARKDOWN = r"""# two: from two levels to one

## 1. Stationarity, variable by variable

The derivative of the Lagrangian by each variable of the follower is 0 (dual feasibility of an LP):

$$
\begin{aligned}
& 1 - \lambda^{u}_{\mathrm{A.row}} - \lambda^{l}_{\mathrm{A.y}} = 0 && \text{A.y}
\end{aligned}
$$

$$
\begin{aligned}
& \lambda^{u}_{\mathrm{B.row}} - \lambda^{l}_{\mathrm{B.y}} - 1 = 0 && \text{B.y}
\end{aligned}
$$
"""


def test_a_step_in_markdown():
    document = explain(two_followers(), "kkt").step("stationarity")
    assert document.to_markdown() == STATIONARITY_MARKDOWN
    assert document._repr_markdown_() == STATIONARITY_MARKDOWN


DOCUMENTS = [
    ("bard511", lambda: bv.models.textbook.build("bard511"), "auto"),
    ("mixed", mixed_rows, "sos1"),
    ("two followers", two_followers, "bigm"),
    ("dc_opf", lambda: dc_opf(6), "indicator"),
    ("electric_bus", dict(MODELS)["electric_bus"], "strong_duality"),
    ("revenue", lambda: bv.models.textbook.build("toll_1"), "product"),
]


@pytest.fixture(scope="module", params=DOCUMENTS, ids=[entry[0] for entry in DOCUMENTS])
def document(request):
    _, build, reformulation = request.param
    return explain(build(), reformulation, **({"big_m": 50} if reformulation == "bigm" else {}))


def test_html_is_well_formed_and_needs_nothing_else(document):
    page = document.to_html()
    closed = page.removeprefix("<!DOCTYPE html>\n").replace('<meta charset="utf-8">', "").replace("<br>", "<br/>")
    assert ElementTree.fromstring(closed).tag == "html"
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", page)
    assert set(re.findall(r"https?://[^\"]*", page)) == {"http://www.w3.org/1998/Math/MathML"}
    assert document._repr_html_() in page


def test_latex_is_balanced(document):
    text = document.to_latex().replace(r"\{", "").replace(r"\}", "").replace(r"\$", "")
    assert len(re.findall(r"\\begin\{", text)) > 2
    assert text.count("{") == text.count("}")
    assert text.count("$") % 2 == 0
    assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right")
    begun, ended = (sorted(re.findall(rf"\\{word}{{([a-z]+\*?)}}", text)) for word in ("begin", "end"))
    assert begun == ended
    assert text.isascii()


COMPILER = next((c for c in ("pdflatex", "tectonic") if shutil.which(c)), None)


@pytest.mark.skipif(COMPILER is None, reason="no LaTeX is installed; the test above checks the balance")
def test_latex_compiles(document, tmp_path):
    (tmp_path / "it.tex").write_text(document.to_latex(), encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error"] if COMPILER == "pdflatex" else []
    run = subprocess.run([COMPILER, *options, "it.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "it.pdf").stat().st_size > 1000


def test_formats_show_the_same_steps(document):
    titles = [step.title for step in document.pages]
    for text in (document.to_text(), document.to_markdown(), document.to_latex(), document.to_html()):
        places = [text.replace("&#x27;", "'").find(title) for title in titles]
        assert places == sorted(places)
        assert min(places) > 0


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a_b & 50 %", r"a\_b \& 50 \%"),
        ("λ ≥ 0", r"$\lambda$ $\ge$ 0"),
        ("{x}^2", r"\{x\}\textasciicircum{}2"),
        ("価", "[U+4FA1]"),
    ],
)
def test_text_is_escaped_for_latex(text, expected):
    assert escape(text) == expected
