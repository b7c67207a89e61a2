"""One thing to many, several things at once, and one thing once."""

import threading

import pytest

import hybridinv as hi
from hybridinv.transport.deadline import deadline, remaining
from hybridinv.transport.parallel import once, side_by_side, together


def failing(number):
    if number % 2:
        raise hi.NotFound(f"no {number}")
    return number


def test_each_gives_its_own_answer_or_its_own_error():
    found = side_by_side(failing, range(5))
    assert [one if isinstance(one, int) else str(one) for one in found] == [0, "no 1", 2, "no 3", 4]


def test_an_error_that_is_not_ours_is_raised():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda number: 1 // number, [1, 0])


def test_all_work_at_the_same_time():
    meet = threading.Barrier(3, timeout=10)
    assert sorted(together(meet.wait, meet.wait, meet.wait)) == [0, 1, 2]


def test_the_first_error_is_raised_when_all_have_ended():
    ended = []

    def late():
        ended.append(1)

    def refuse():
        raise hi.NotFound("no")

    with pytest.raises(hi.NotFound):
        together(refuse, late)
    assert ended == [1]


@pytest.mark.parametrize("count", [1, 3])
def test_the_deadline_is_the_callers_in_every_thread(count):
    with deadline(50):
        found = side_by_side(lambda _: remaining(), range(count))
    assert all(0 < seconds <= 50 for seconds in found)


def test_a_property_is_read_once_for_each_instance():
    reads = []

    class Thing:
        @once
        def value(self):
            reads.append(self)
            return len(reads)

    one, other = Thing(), Thing()
    assert (one.value, one.value, other.value) == (1, 1, 2)
