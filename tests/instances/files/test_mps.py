"""MPS files: every convention against HiGHS's reader, written files read back, and what is refused, with its line."""

import highspy
import pytest

from bilevolt.errors import InstanceError
from bilevolt.instances.files.mps import read_mps
from bilevolt.instances.files.mps_writer import write_mps
from bilevolt.instances.files.table import Column, Table, TableRow

ALL = """NAME          all of it
OBJSENSE
    MAX
ROWS
 L  up
 N  cost
 G  down
 E  even
 E  evenly
 N  ignored
 G  nothing
COLUMNS
    a  cost  1.5  up  2
    a  ignored  7
    M1 'MARKER' 'INTORG'
    b  up  -1  down  1e2
    c  down  .5  even  -3.25
    M1 'MARKER' 'INTEND'
    d  even  1  evenly  1
    e  cost  -2
    f[1]  evenly  4
    g  up 1
    h  up 1
RHS
    R  up  4  cost  -10
    R  down  -1
    R  even  2
RANGES
    G  up  6  down  -2
    G  even  3
    G  evenly  -1.5
BOUNDS
 UP  B  a  1e30
 LI  B  c  2
 FR  B  d
 MI  B  e
 UP  B  e  -1
 BV  B  f[1]
 FX  B  g  2.5
 LO  B  h  -4
 UP  B  h  4
ENDATA
"""


def witness(path):
    """What HiGHS reads: names, costs, bounds, kinds, sides, entries, sense, offset."""
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    assert reader.readModel(str(path)) == highspy.HighsStatus.kOk
    lp = reader.getLp()
    matrix = lp.a_matrix_
    entries = {
        (int(matrix.index_[k]), j): matrix.value_[k]
        for j in range(lp.num_col_)
        for k in range(matrix.start_[j], matrix.start_[j + 1])
    }
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    return (
        (lp.sense_ == highspy.ObjSense.kMaximize, lp.offset_),
        [
            (name, cost, low, high, kind == highspy.HighsVarType.kInteger)
            for name, cost, low, high, kind in zip(
                lp.col_names_, lp.col_cost_, lp.col_lower_, lp.col_upper_, kinds, strict=True
            )
        ],
        list(zip(lp.row_names_, lp.row_lower_, lp.row_upper_, strict=True)),
        entries,
    )


def flat(table):
    """The same of what we read."""
    infinite = float("inf")
    return (
        (table.maximize, table.offset),
        [
            (
                c.name,
                c.cost,
                -infinite if c.lower is None else c.lower,
                infinite if c.upper is None else c.upper,
                c.integer,
            )
            for c in table.columns
        ],
        [
            (r.name, -infinite if r.lower is None else r.lower, infinite if r.upper is None else r.upper)
            for r in table.rows
        ],
        {(i, j): number for i, row in enumerate(table.rows) for j, number in row.terms.items()},
    )


def test_every_convention_is_that_of_highs(tmp_path):
    path = tmp_path / "all.mps"
    path.write_text(ALL)
    assert flat(read_mps(path)) == witness(path)


def test_what_is_written_reads_back_the_same(tmp_path):
    path, again = tmp_path / "all.mps", tmp_path / "again.mps"
    path.write_text(ALL)
    table = read_mps(path)
    write_mps(table, again)
    assert read_mps(again) == table
    assert flat(table) == witness(again)


def test_no_digit_is_lost(tmp_path):
    numbers = [0.1 + 0.2, 1 / 3, 1e-11, 123456789.123456789, -(2.0**-40)]
    columns = [Column(f"x{k}", number, number - 1, number + 1) for k, number in enumerate(numbers)]
    table = Table("digits", columns=columns, rows=[TableRow("row", None, 1 / 7, dict(enumerate(numbers)))])
    write_mps(table, tmp_path / "digits.mps")
    assert read_mps(tmp_path / "digits.mps") == table


REFUSED = {
    "no number": ("    a  cost  1.5", "    a  cost  abc", r"line 13: 'abc' is no number"),
    "unknown row": ("  up  2\n", "  upp  2\n", r"line 13: row 'upp' is not declared in ROWS"),
    "row twice": (" G  nothing", " G  down", r"line 11: row 'down' is declared twice"),
    "two entries": ("    a  ignored  7", "    a  up  7", r"line 14: column 'a' has two entries in row 'up'"),
    "interrupted column": ("    h  up 1", "    a  down 1", r"line 23: column 'a' is interrupted"),
    "fields missing": ("    e  cost  -2", "    e  cost", r"line 20: 'e cost': write a column"),
    "unknown column": (" FR  B  d", " FR  B  dd", r"line 35: .*no column of that name"),
    "two bounds": (" LO  B  h  -4", " UP  B  h  3", r"line 41: column 'h' has two bounds on one side"),
    "unknown bound": (" FR  B  d", " SC  B  d 3", r"line 35: bound type 'SC' is not read"),
    "negative upper bound alone": (" MI  B  e\n", "", r"column 'e' has a negative upper bound and no lower one"),
    "two right-hand sides": ("    R  even  2", "    R  up  2", r"line 27: row 'up' has two numbers in RHS"),
    "a second set": ("    R  even  2", "    S  even  2", r"line 27: RHS has a second set, 'S' beside 'R'"),
    "a section of its own": ("RANGES\n", "SOS\n", r"line 28: section SOS is not read"),
    "no sense": ("    MAX", "    BEST", r"line 3: 'BEST' is no sense"),
    "no end": ("ENDATA\n", "", r"the file ends without ENDATA"),
}


@pytest.mark.parametrize(("old", "new", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_have_to_be_guessed_is_refused_with_its_line(tmp_path, old, new, message):
    assert ALL.count(old) == 1
    path = tmp_path / "bad.mps"
    path.write_text(ALL.replace(old, new))
    with pytest.raises(InstanceError, match=message):
        read_mps(path)
