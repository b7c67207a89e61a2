"""Refreshing without a vCenter: what it takes."""

import pytest

import hybridinv as hi
from hybridinv.demo import TAPES


@pytest.mark.parametrize("wait", [-1, float("nan"), float("inf"), "1", None, True])
def test_what_is_no_time_to_wait_is_refused_before_anything_is_sent(wait):
    with hi.VSphere("vc.example") as vcenter, pytest.raises(hi.NotSupported, match="no time to wait"):
        vcenter.refresh(wait=wait)


def test_without_credentials_it_says_so():
    with hi.VSphere("vc.example") as vcenter, pytest.raises(hi.AuthenticationFailed, match="password="):
        vcenter.refresh()


def test_a_tape_is_not_refreshed():
    with hi.replay(TAPES / "vsphere") as adapter, pytest.raises(hi.NotSupported, match="tape has no changes"):
        adapter.refresh()


def test_a_tape_says_with_which_detail_it_was_recorded():
    with hi.replay(TAPES / "vsphere") as adapter, pytest.raises(hi.TapeMismatch, match="detail='full'"):
        adapter.vms(detail="summary")
    (problem,) = hi.collect([hi.replay(TAPES / "vsphere")], detail="summary").problems
    assert problem.error == "TapeMismatch"
