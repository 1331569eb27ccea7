"""The ledger: rows survive kills, are there once, are shared, and nothing else is taken for one."""

import json
import multiprocessing
import os

import pytest

from bilevolt.errors import MalformedError
from bilevolt.experiments.ledger import HEADER, Ledger

HERE = {"id": "here", "machine": "m"}


def row(key, **more):
    return {"key": key.ljust(32, "0"), "task": {}, "environment": "here", "row": {"status": "optimal", **more}}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "rows.jsonl"
    with Ledger(found) as book:
        for key in "ab":
            book.append(row(key), HERE)
    return found


def test_header_environment_rows(path):
    header, environment, *rows = lines(path)
    assert header == HEADER and environment == {"environment": HERE}
    assert [one["key"][0] for one in rows] == ["a", "b"]
    with Ledger(path) as book:
        assert len(book.rows) == 2 and book.environments == {"here": HERE}


def test_a_row_is_there_once(path):
    with Ledger(path) as book:
        book.append(row("a", objective=1.0), HERE)
        assert "objective" not in book.rows[row("a")["key"]]["row"]
    assert len(lines(path)) == 4


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_half_a_line_is_cut_off(path, cut):
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Ledger(path) as book:
        assert [key[0] for key in book.rows] == (["a", "b"] if cut == 1 else ["a"])
        book.append(row("c"), HERE)
    assert [one["key"][0] for one in lines(path)[2:]] == (["a", "b", "c"] if cut == 1 else ["a", "c"])


def test_half_a_header_is_begun_anew(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"ledger": "bil')
    with Ledger(path) as book:
        assert book.rows == {}
    assert lines(path) == [HEADER]


@pytest.mark.parametrize(
    "bad", ["not json", "[1]", '{"key": "k"}', '{"key": 3, "row": {}, "task": {}}', '{"row": {}}'],
)  # fmt: skip
def test_a_malformed_line_is_refused_by_its_number(path, bad):
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:3], bad, *text[3:]]) + "\n")
    before = path.read_bytes()
    with pytest.raises(MalformedError, match=r"line 4.*Delete that line"):
        Ledger(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["dear diary", '{"a": 1}', "a,b\n1,2\n", '{"ledger": "other"}\n'])
def test_another_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "diary.txt"
    path.write_text(text)
    with pytest.raises(MalformedError, match="no ledger"):
        Ledger(path)
    assert path.read_text() == text


def test_ledgers_can_be_put_together(path, tmp_path):
    other = tmp_path / "other.jsonl"
    with Ledger(other) as book:
        for key in "bc":
            book.append(row(key), {"id": "there"})
    both = tmp_path / "both.jsonl"
    both.write_bytes(path.read_bytes() + other.read_bytes())
    with Ledger(both) as book:
        assert [key[0] for key in book.rows] == ["a", "b", "c"] and set(book.environments) == {"here", "there"}


FORK = multiprocessing.get_context("fork")
KEY = "c" * 32


def hold(path, said, go_on):
    with Ledger(path) as book:
        said.put(book.claim(KEY))
        go_on.wait()
        book.append(row("c" * 32), HERE)
        book.release(KEY)
        said.put("written")
        go_on.clear()
        go_on.wait()


@pytest.fixture
def holder(path):
    """Return another process that has claimed a task, what it says, and what makes it go on."""
    said, go_on = FORK.Queue(), FORK.Event()
    process = FORK.Process(target=hold, args=(path, said, go_on))
    process.start()
    assert said.get()
    yield process, said, go_on
    process.kill()
    process.join()


def test_a_claim_excludes_other_processes_until_the_row_is_there(path, holder):
    _, said, go_on = holder
    with Ledger(path) as book:
        assert not book.claim(KEY) and book.claim("d" * 32)
        go_on.set()
        assert said.get() == "written"
        assert not book.claim(KEY) and KEY in book.rows


def test_a_claim_ends_with_its_process(path, holder):
    process, _, _ = holder
    process.kill()
    process.join()
    with Ledger(path) as book:
        assert book.claim(KEY)


def write(path, name):
    with Ledger(path) as book:
        for k in range(40):
            key = f"{name}{k:03x}"
            book.append(row(key, text="x" * 500) | {"environment": name}, {"id": name})


def test_two_processes_append_whole_lines(tmp_path):
    path = tmp_path / "rows.jsonl"
    writers = [FORK.Process(target=write, args=(path, name)) for name in "ef"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(lines(path)) == 1 + 2 + 80
    with Ledger(path) as book:
        assert len(book.rows) == 80


def test_a_full_disk_leaves_no_half_row(path, monkeypatch):
    write = os.write
    before = path.read_bytes()
    with Ledger(path) as book:
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
        with pytest.raises(OSError, match="space"):
            book.append(row("c"), HERE)
    assert path.read_bytes() == before
