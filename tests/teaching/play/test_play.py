"""The page of ``play``: its numbers are those of ``bilevolt.react``, it needs no network, and its controls work."""

import json
import re
from pathlib import Path

import pyomo.environ as pyo
import pytest
from browser import CHROMIUM, Browser
from sweeps import only
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.errors import BilevoltError
from bilevolt.models import textbook

MODELS = ("bard511", "bard_1988_1", "clark_westerberg_1990b", "siddiqui_gabriel_max", "dempe_2002_p25")
"""One and two variables of the follower, linear and quadratic, min and max, products of both levels' variables."""


def at(terms, x, y=()):
    total = 0.0
    for a, p, *q in terms:
        term = a * x**p
        for value, power in zip(y, q, strict=False):
            term *= value**power
        total += term
    return total


def slack(row, x, y):
    return at(row["constant"], x, [0] * len(y)) + sum(
        at(c, x, [0] * len(y)) * v for c, v in zip(row["coefficients"], y, strict=True)
    )


@pytest.fixture(scope="module")
def pages():
    """The page of each name, made when it is first asked for."""

    class Pages(dict):
        def __missing__(self, name):
            self[name] = bv.play(textbook.build(name))
            return self[name]

    return Pages()


def reacted(name, x):
    """Return the follower's response to a decision, asked of a solver."""
    model = textbook.build(name)
    variable = next(v for v in model.component_data_objects(pyo.Var) if v.name == decided(name))
    variable.set_value(x, skip_validation=True)
    (response,) = bv.react(model, solver="highs").values()
    return response


def decided(name):
    from bilevolt.levels.reading import read_levels

    (variable,) = read_levels(textbook.build(name)).leader.variables
    return variable.name


@pytest.mark.parametrize("name", only(["bard511", "siddiqui_gabriel_max"], MODELS))
def test_replies_are_those_of_a_solver(pages, name):
    data = pages[name].data
    asked = [known for known in data["known"][::29] if known["optimal"]]
    assert len(asked) > 3
    for known in asked:
        x = known["x"]
        response = reacted(name, x)
        for y in known["optimal"]:
            assert at(data["follower"]["terms"], x, y) == pytest.approx(response.objective, abs=1e-6)
        y = [response.values[one] for one in data["y"]]
        assert all(slack(row, x, y) >= -1e-6 for row in data["rows"])
        for k, value in enumerate(y):
            span = [point[k] for point in known["optimal"]]
            assert min(span) - 1e-5 <= value <= max(span) + 1e-5


def test_breakpoints_are_exact(pages):
    assert pages["bard511"].data["breakpoints"] == [1.0, 2.0, 4.0]
    xs = [known["x"] for known in pages["bard511"].data["known"]]
    assert min(abs(x - 2.0) for x in xs) > 1e-9  # what rounding decides is not compared


def test_the_page_needs_nothing_else(pages, tmp_path):
    text = pages["bard511"].to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
    assert "default-src 'none'" in text and not re.search(r"https?:|\bsrc=|url\((?!#)|@import|@\w+@", text)
    (stored,) = re.findall(r'<script type="application/json" id="data">(.*)</script>', text)
    assert json.loads(stored) == pages["bard511"].data
    assert "iframe" in pages["bard511"]._repr_html_()


def test_names_cannot_end_the_script():
    page = bv.play(named("</script><b>"))
    assert page.to_html().count("</script>") == 2


def named(row):
    model = pyo.ConcreteModel(name="small")
    model.x = pyo.Var(bounds=(0, 2))
    model.L = bv.SubModel(fixed=model.x)
    model.L.y = pyo.Var(bounds=(0, 9))
    model.L.add_component(row, pyo.Constraint(expr=model.L.y >= model.x))
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.cost = pyo.Objective(expr=model.L.y - 2 * model.x)
    return model


def test_equalities_are_one_row():
    model = named("row")
    model.L.sum = pyo.Constraint(expr=model.L.y + model.x == 3)
    (row,) = [row for row in bv.play(model).data["rows"] if row["name"] == "L.sum"]
    assert row["equality"] and row["text"].endswith("= 0")


def test_what_the_page_cannot_find_is_refused():
    for cost in (lambda model: model.L.y * model.L.y * model.L.y, lambda model: bv.dual_of(model.L.row)):
        model = named("row")
        model.cost.expr = cost(model)
        with pytest.raises(BilevoltError):
            bv.play(model)


def test_the_command(tmp_path):
    path = tmp_path / "p.html"
    result = CliRunner().invoke(app, ["play", "besancon27", "-o", str(path)])
    assert result.exit_code == 0 and str(path.name) in result.output.replace("\n", "") and path.exists()
    refused = CliRunner().invoke(app, ["play", "besancon27", "-o", str(tmp_path / "p.png")])
    assert refused.exit_code == 2 and ".html" in refused.output


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
class TestInABrowser:
    def opened(self, browser, pages, folder: Path, name, fragment=""):
        pages[name].to_html(folder / f"{name}.html")
        browser.open(folder / f"{name}.html", fragment)

    def states(self, browser):
        rows = browser.run("[...document.querySelectorAll('tr[data-row]')].map((r) => [r.dataset.row, r.className])")
        return dict(rows)

    @pytest.mark.parametrize("name", only(["bard511", "siddiqui_gabriel_max"], MODELS))
    def test_its_own_replies_are_pythons(self, browser, pages, tmp_path, name):
        self.opened(browser, pages, tmp_path, name)
        assert browser.run("Number(byId('checked').dataset.farthest)") < 1e-9
        best = pages[name].data["best"]
        found = browser.run(f"replyAt(data, {best[pages[name].data['x']['name']]!r})")
        leader = at(pages[name].data["leader"]["terms"], found["x"], [best[y] for y in pages[name].data["y"]])
        assert found["F"] == pytest.approx(leader, abs=1e-5)

    def test_multipliers_are_the_prices_of_a_solver(self, browser, pages, tmp_path):
        self.opened(browser, pages, tmp_path, "bard511")
        names = [row["name"] for row in pages["bard511"].data["rows"]]
        for x in (1.5, 2.5, 3.25):
            prices = reacted("bard511", x).prices
            ranges = browser.run(f"replyAt(data, {x}).multipliers")
            assert {name: pytest.approx(abs(price)) for name, price in prices.items()} == {
                name: one[0] for name, one in zip(names, ranges, strict=True) if name in prices
            }
        low, high = dict(zip(names, browser.run("replyAt(data, 2).multipliers"), strict=True))["L.c4"]
        assert (low, high) == pytest.approx((0.0, 0.5))  # two rows meet there: the price is not unique

    def test_slider_keys_buttons_and_touch(self, browser, pages, tmp_path):
        self.opened(browser, pages, tmp_path, "bard511", "#x=3")
        assert browser.run("byId('F').textContent") == "−7"
        assert self.states(browser)["L.c4"] == "active" and self.states(browser)["L.c1"] == "slack"
        browser.run("byId('slider').focus()")
        browser.press("ArrowLeft")
        assert browser.run("x") == pytest.approx(2.99)
        browser.press("PageUp")
        assert browser.run("x") == pytest.approx(3.09)
        browser.run("const hand = byId('slider'); hand.value = 1.5; hand.dispatchEvent(new Event('input'))")
        assert browser.run("[x, Number(byId('f').textContent)]") == [1.5, 1.5]
        assert self.states(browser)["L.c1"] == "active" and self.states(browser)["L.c4"] == "slack"
        browser.click("#after")
        assert browser.run("x") == 2 and self.states(browser)["L.c1"] == self.states(browser)["L.c4"] == "weak"
        browser.click("#best")
        assert browser.run("byId('F').textContent") == "−12"
        left, top, width = browser.run("(({ x, y, width }) => [x, y, width])(byId('panel0').getBoundingClientRect())")
        browser.touch(left + width / 2, top + 80)
        assert 1.5 < browser.run("x") < 3.5
        assert "the follower answers y" in browser.run("byId('said').textContent")
