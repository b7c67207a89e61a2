"""render_script and its two forms for many machines: the text that onboards a machine to Azure Arc.

A rendered text is ASCII, so that no shell misreads it, and holds no secret: the script gets it at run time, and hands
it to the agent in a file. Every value of the caller's is data in it: one JSON text for the agent, and quoted words.
"""

from __future__ import annotations

import re
import textwrap
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hybridinv.errors import NotSupported
from hybridinv.model import OSType
from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.onboarding.job import UNATTENDED, Job, has_any, one_of
from hybridinv.onboarding.quoting import bash_quoted, powershell_quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.model.onboarding import OnboardingTarget

_SYSTEMS = (OSType.WINDOWS, OSType.LINUX)
_BY_SYSTEM = ("certificate", "download_url", "sha256")
_MARK = re.compile(r"@@(\w+)@@")


def render_script(
    target: OnboardingTarget,
    os_type: OSType | str,
    auth: str = "browser",
    *,
    service_principal_id: str = "",
    certificate: str = "",
    resource_name: str = "",
    plan: OnboardingPlan | None = None,
    download_url: str = "",
    sha256: str = "",
) -> str:
    """A script that onboards the machine it runs on: PowerShell 5.1 for `windows`, bash for `linux`.

    `auth` is how it logs in: `browser` (where the agent can open none, it shows a device code), `device-code`,
    `access-token` or `service-principal`. No parameter takes a token or secret, and the text holds none: the script
    takes it from the environment (`ARC_ONBOARDING_SECRET`), else from what is piped in, else it asks. The
    `certificate` of a service principal is a path on the machine, or the thumbprint of one in the Windows store.

    With `plan` it is one script for all its candidates of that system: each finds its name in Azure by its host name,
    and it refuses to run on any other machine. `resource_name` is the name in Azure of a single machine.
    `download_url` is where a mirror has the installer (Linux: Microsoft's install script; Windows: the MSI, whose
    signature is checked all the same), `sha256` its checksum.
    """
    job = Job(
        target=target,
        system=_system(os_type),
        auth=auth,
        principal=service_principal_id,
        certificate=certificate,
        resource_name=resource_name,
        plan=plan,
        download_url=download_url,
        sha256=sha256.lower(),
    )
    if job.system is OSType.LINUX:
        return _filled("linux.sh", job.values(bash_quoted))
    return _filled("windows.ps1", job.values(powershell_quoted) | {"front": _template("windows_asked.ps1")})


def render_group_policy_script(
    target: OnboardingTarget,
    *,
    service_principal_id: str = "",
    certificate: str = "",
    plan: OnboardingPlan | None = None,
    download_url: str = "",
    sha256: str = "",
) -> str:
    """A PowerShell script for Group Policy or Configuration Manager: it runs as SYSTEM, asks nothing, writes a log.

    It logs in as a service principal with `certificate`, or with a secret from a file given as `-SecretFile`,
    protected with DPAPI-NG in the form that Microsoft's ArcEnabledServersGroupPolicy writes. It may run again and
    again: a connected machine is left alone.
    """
    job = Job(
        target=target,
        system=OSType.WINDOWS,
        auth="service-principal",
        principal=service_principal_id,
        certificate=certificate,
        plan=plan,
        download_url=download_url,
        sha256=sha256.lower(),
    )
    return _filled("windows.ps1", job.values(powershell_quoted) | {"front": _template("windows_policy.ps1")})


def render_playbook(
    target: OnboardingTarget,
    auth: str = "service-principal",
    *,
    os_type: OSType | str | None = None,
    service_principal_id: str = "",
    plan: OnboardingPlan | None = None,
    linux: Mapping[str, str] | None = None,
    windows: Mapping[str, str] | None = None,
) -> str:
    """An Ansible playbook that runs the script for Linux and the one for Windows, each where it belongs.

    `auth` is `service-principal` or `access-token`; the secret is the variable `arc_onboarding_secret`, best from a
    vault. `linux` and `windows` are further parameters of `render_script` for that system: `certificate`,
    `download_url`, `sha256`. Windows needs the collection ansible.windows; `os_type`, or a plan whose candidates all
    run one system, leaves the other one out.
    """
    if auth not in UNATTENDED:
        raise NotSupported(f"a playbook cannot log in with auth={auth!r:.40}", remedy=one_of(UNATTENDED))
    systems: tuple[OSType, ...] = _SYSTEMS if os_type is None else (_system(os_type),)
    if isinstance(plan, OnboardingPlan) and os_type is None:
        systems = tuple(one for one in systems if has_any(plan, one)) or systems
    scripts, tasks = [], []
    for system in systems:
        given = (windows if system is OSType.WINDOWS else linux) or {}
        odd = sorted(set(given) - set(_BY_SYSTEM))
        if odd:
            raise NotSupported(f"{system}= has {odd[0]!r:.40}", remedy=one_of(_BY_SYSTEM))
        options: dict[str, Any] = {"service_principal_id": service_principal_id, "plan": plan, **given}
        script = textwrap.indent(render_script(target, system, auth, **options), " " * 6)
        secret = "" if given.get("certificate") else "{{ arc_onboarding_secret }}"
        scripts.append(f'    arc_{system}_secret: "{secret}"\n    arc_{system}_script: !unsafe |\n{script}')
        tasks.append(_template(f"playbook_{system}.yml"))
    asks = auth == "service-principal" and not service_principal_id
    values = {
        "asks_principal": "1" if asks else "",
        "scripts": "".join(scripts).rstrip(),
        "tasks": "\n".join(tasks).rstrip(),
    }
    return _filled("playbook.yml", values)


def _system(os_type: OSType | str) -> OSType:
    found = next((one for one in _SYSTEMS if one == str(os_type).lower()), None)
    if found is None:
        raise NotSupported(f"there is no script for {os_type!s:.40}", remedy=one_of(_SYSTEMS))
    return found


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its marks replaced, once: what a value looks like is never read again."""
    return _MARK.sub(lambda mark: values[mark[1]], _template(template))


@cache
def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
