"""Labels of pandas objects decide which entry is which, or the object is refused."""

import numpy as np
import pytest

from qtoolkit._checks import require_array
from qtoolkit._labels import aligned, has_labels, labels_of
from qtoolkit.errors import InputError


class TestLabels:
    pandas = pytest.importorskip("pandas")

    def series(self, values, labels):
        return self.pandas.Series(values, index=list(labels))

    def test_a_series_comes_in_the_order_asked_for(self):
        found = aligned("means", self.series([2.0, 1.0, 3.0], "BAC"), ("A", "B", "C"))
        np.testing.assert_array_equal(found, [1.0, 2.0, 3.0])

    def test_both_axes_of_a_frame_do(self):
        matrix = np.arange(9.0).reshape(3, 3)
        frame = self.pandas.DataFrame(matrix, index=list("ABC"), columns=list("ABC"))
        shuffled = frame.loc[["C", "A", "B"], ["B", "C", "A"]]
        np.testing.assert_array_equal(aligned("covariance", shuffled, tuple("ABC"), tuple("ABC")), matrix)
        rows_are_choices = frame.set_axis(["first", "second", "third"])[["B", "C", "A"]]
        np.testing.assert_array_equal(aligned("choices", rows_are_choices, None, tuple("ABC")), matrix)

    def test_row_numbers_are_positions(self):
        shuffled = self.series([1.0, 2.0, 3.0], "ABC").reset_index(drop=True).sort_values(ascending=False)
        np.testing.assert_array_equal(aligned("means", shuffled, ("A", "B", "C")), [1.0, 2.0, 3.0])
        assert labels_of(shuffled) is None

    @pytest.mark.parametrize("labels", ["ABD", "AAB", "AB", "ABCD"])
    def test_other_labels_are_refused(self, labels):
        values = self.series(np.ones(len(labels)), labels)
        with pytest.raises(InputError, match="the labels of means must be A, B, C, in any order and each once, got A"):
            aligned("means", values, ("A", "B", "C"))

    def test_labels_are_read_along_each_axis(self):
        frame = self.pandas.DataFrame(np.ones((2, 1)), index=["x", 3], columns=["y"])
        assert (labels_of(frame), labels_of(frame, 1)) == (("x", "3"), ("y",))
        assert labels_of(np.ones(2)) is None
        with pytest.raises(InputError, match="labels must be distinct, got 1 twice"):
            labels_of(self.series([1.0, 2.0], [1, "1"]))

    def test_labels_that_would_be_lost_are_refused(self):
        labelled = self.series([1.0, 2.0], "AB")
        for value in (labelled, [labelled, labelled], self.pandas.DataFrame({"A": [1.0]}), labelled.iloc[::-1]):
            with pytest.raises(InputError, match="must be an array without labels"):
                require_array("weights", value)
        plain = self.pandas.Series([1.0, 2.0])
        np.testing.assert_array_equal(require_array("weights", plain), [1.0, 2.0])
        with pytest.raises(InputError, match="without labels"):
            require_array("weights", plain.iloc[::-1])

    def test_missing_values_of_pandas_are_named(self):
        for dtype in ("Float64", "Int64", object):
            missing = self.pandas.Series([1, self.pandas.NA], dtype=dtype)
            with pytest.raises(InputError, match=r"got (nan|<NA>|NaT|None)( .*)? at \[1\]"):
                require_array("weights", missing)


def test_tables_of_other_packages_are_refused_because_their_labels_would_be_lost():
    class Table:
        columns = ("A", "B")

        def __array__(self, *args, **kwargs):
            return np.ones((2, 2))

    with pytest.raises(InputError, match="without labels, got Table"):
        require_array("weights", Table())


@pytest.mark.parametrize("value", [None, 1.0, "text", [1.0], (1.0,), np.ones(2), np.float64(1.0), range(2), b"", {1.0}])
def test_what_bears_no_labels(value):
    assert not has_labels(value)
    assert labels_of(value) is None
    assert aligned("weights", value, ("A",)) is value
