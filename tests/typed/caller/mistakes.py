"""Mistakes that type checkers must find: each line is one, and says so; one that were none would be an error too."""

from __future__ import annotations

import hybridinv as hi


def mistakes(inv: hi.Inventory, vm: hi.VirtualMachine) -> None:
    inv.machines  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    inv.vms.where(lambda vm: vm.power_sate == "running")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownLambdaType]
    vm.memory_bytes + 1  # type: ignore[operator]  # pyright: ignore[reportOptionalOperand, reportUnusedExpression]
    inv.vms.find("web01").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018
    vm.name = "web02"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    hi.VirtualMachine(name="web01")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    hi.collect([vm])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    hi.same_machines("estate.json")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    hi.VSpere("vc01")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
