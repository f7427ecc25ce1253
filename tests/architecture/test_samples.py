"""The helpers of the tests: a loop hides no failure, a sample loses no case."""

import pytest

from tests.samples import every, numbered, sampled


def test_every_case_that_fails_is_named_and_the_rest_are_tried() -> None:
    tried = []

    def is_even(number: int) -> None:
        tried.append(number)
        if number == 3:
            raise KeyError(number)
        if number == 5:
            with pytest.raises(ValueError, match="x"):
                pass
        assert number % 2 == 0

    with pytest.raises(pytest.fail.Exception) as failed:
        every(numbered(range(7)), is_even)
    assert tried == list(range(7))
    said = str(failed.value).splitlines()
    assert said[0] == "3 of 7"
    assert [line for line in said if line.startswith("1 1: AssertionError at test_samples.py:")]
    assert [line for line in said if line.startswith("3 3: KeyError at test_samples.py:")]
    assert [line for line in said if line.startswith("5 5: Failed at ")]


def test_nothing_to_check_is_a_failure() -> None:
    with pytest.raises(AssertionError):
        every({}, print)


def test_a_sample_keeps_every_case_and_marks_those_that_are_long() -> None:
    found = sampled(["a", "b", "c"], ["b"])
    assert found[1] == "b"
    assert [case.values for case in (found[0], found[2])] == [("a",), ("c",)]
    assert {mark.name for case in (found[0], found[2]) for mark in case.marks} == {"long"}
    assert sampled([("a", 1), ("b", 2)], [("a", 1)])[1].values == ("b", 2)
    for kept in ([], ["z"]):
        with pytest.raises(AssertionError):
            sampled(["a"], kept)
