"""Refreshing without a vCenter: what it takes."""

import pytest

import hybridinv as hi


@pytest.mark.parametrize("wait", [-1, float("nan"), float("inf"), "1", None, True])
def test_what_is_no_time_to_wait_is_refused_before_anything_is_sent(wait):
    with hi.VSphere("vc.example") as vcenter, pytest.raises(hi.NotSupported, match="no time to wait"):
        vcenter.refresh(wait=wait)


def test_without_credentials_it_says_so():
    with hi.VSphere("vc.example") as vcenter, pytest.raises(hi.AuthenticationFailed, match="password="):
        vcenter.refresh()
