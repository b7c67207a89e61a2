"""The VM agent: what was wanted is apart from what is there."""

from __future__ import annotations

import pytest

from hybridinv.model import PowerState
from hybridinv.wire.reading import Body
from hybridinv.wire.vm_agent import read_agent

READY = {"vmAgent": {"vmAgentVersion": "2.9.1.1", "statuses": [{"displayStatus": "Ready"}]}}


@pytest.mark.parametrize(
    ("wanted", "view", "power", "known", "status"),
    [
        (True, READY, "running", True, "ready"),
        (False, READY, "running", True, "ready"),  # somebody has added one
        (None, READY, "running", True, "ready"),
        (True, {}, "running", True, "unknown"),  # wanted is no proof
        (None, {}, "running", True, "unknown"),
        (False, {}, "running", True, "not_installed"),
        (False, {}, "stopped", True, "unknown"),  # nothing is seen in a machine that is off
        (False, {}, "deallocated", True, "unknown"),
        (False, {}, "unknown", False, "unknown"),
    ],
)
def test_intent_and_fact(wanted, view, power, known, status):
    properties = Body({"osProfile": {"windowsConfiguration": {"provisionVMAgent": wanted}}})
    agent = read_agent(properties, Body(view), PowerState(power), known=known)
    assert agent.status == status
    assert agent.is_wanted is wanted
    assert agent.kind == "azure-vm-agent"


def test_handlers_are_services():
    view = {
        "vmAgent": {
            **READY["vmAgent"],
            "extensionHandlers": [
                {"type": "Microsoft.X.Y", "typeHandlerVersion": "1.2.3", "status": {"displayStatus": "Not Ready"}},
                {"type": "Microsoft.X.Z", "status": {"code": "ProvisioningState/succeeded"}},
            ],
        }
    }
    agent = read_agent(Body({}), Body(view), PowerState.RUNNING, known=True)
    assert dict(agent.services) == {"Microsoft.X.Y 1.2.3": "Not Ready", "Microsoft.X.Z": "succeeded"}
