"""The pages on signs and on reformulations: their code prints what they show, and every step has its place."""

import re
from pathlib import Path

import pytest

from bilevolt.reformulations import LINEARIZATIONS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["signs.md", "reformulations.md"])
def test_code_on_the_page_prints_what_the_page_shows(page, capsys):
    blocks = re.findall(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", (DOCS / page).read_text(), flags=re.S)
    assert any(shown for _, shown in blocks)
    names: dict[str, object] = {}
    for code, shown in blocks:
        exec(compile(code, page, "exec"), names)
        assert capsys.readouterr().out == shown


def test_every_step_has_its_place_on_the_page():
    text = (DOCS / "reformulations.md").read_text()
    for step in ("kkt", *LINEARIZATIONS, "pattern", "mixing", "products", "revenue"):
        assert re.search(rf"^## .*`{step}`", text, flags=re.M) and f"`{step}.py`" in text, step
