"""Running the onboarding inside machines: whatever happens in a guest, the record is true and nothing stays there."""

import logging
import os
import shutil
import signal
import threading
from pathlib import Path

import httpx
import pytest
from attrs import evolve

import hybridinv as hi
from certificates import Certificates
from hybridinv.transport.scrub import scrub
from hybridinv.transport.tape import Recorder
from live.insides import ACCOUNT, Inside
from live.simulation import Interrupted, Wire
from onboarding.arc_machine import APPLICATION, SUBSCRIPTION, TENANT, Machine

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not all(map(shutil.which, ("bash", "curl", "flock"))) or not Path("/proc/self/cmdline").exists(),
        reason="needs bash, curl, flock and /proc",
    ),
]

SECRET = "S3cr3t~.$(id)`id`&<'x'>"
CONNECTED = {"subscriptionId": SUBSCRIPTION, "resourceGroup": "rg-arc", "resourceName": "sql01", "status": "Connected"}


@pytest.fixture(scope="module")
def guests(tmp_path_factory):
    return tmp_path_factory.mktemp("guests")


@pytest.fixture(scope="module")
def vcenter(simulate, guests):
    return simulate("-scene", "demo", "-guests", str(guests))


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates")).ca_file


@pytest.fixture(scope="module")
def everybody(vcenter):
    with vcenter.adapter() as one:
        return hi.plan_onboarding(one.inventory(), target())


@pytest.fixture
def inside(guests, ca_file):
    """Makes a machine's inside by its name."""
    yield lambda name: Inside(guests, name, ca_file)
    for one in guests.iterdir():
        shutil.rmtree(one)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("hybridinv.platforms.vsphere_visit._FIRST_PAUSE", 0.05)
    monkeypatch.setattr("hybridinv.platforms.vsphere_visit._LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("hybridinv.platforms.vsphere_guest._PAUSE", 0.05)


def target(**changes):
    usual = {"subscription_id": SUBSCRIPTION, "resource_group": "rg-arc", "tenant_id": TENANT, "location": "westeurope"}
    return hi.OnboardingTarget(**(usual | changes))


def only(plan, *names):
    chosen = tuple(case for case in plan.candidates if case.name in names)
    assert len(chosen) == len(names)
    return evolve(plan, candidates=chosen)


def run(adapter, plan, account=ACCOUNT, **options):
    usual = {"dry_run": False, "secret": SECRET, "service_principal_id": APPLICATION}
    return adapter.run_onboarding(plan, account, **(usual | options))


class Overheard(Wire):
    """A wire that keeps what was sent."""

    def __init__(self, simulator):
        super().__init__(simulator)
        self.sent = []
        self._lock = threading.Lock()

    def handle_request(self, request):
        with self._lock:
            self.sent.append((request.extensions["operation"], str(request.url), request.read(), request.headers))
        return super().handle_request(request)


# It works


def test_a_linux_machine_is_connected_and_nothing_stays_in_it(vcenter, everybody, inside):
    guest = inside("web01")
    machine = guest.linux()
    told = []
    with vcenter.over(Overheard) as (adapter, wire):
        (one,) = found = run(adapter, only(everybody, "web01"), progress=told.append)
    assert (one.state, one.exit_code, one.azcm_code, one.left_behind) == ("connected", 0, "", ())
    assert one.message == "connected as web01 in RG-arc"
    assert "connected as web01" in one.log
    assert one.started_at < one.finished_at
    assert told == list(found)
    assert machine.config["service-principal-secret"] == SECRET
    assert machine.config["resource-name"] == "web01"
    assert guest.files == []
    assert machine.leftovers == []
    assert guest.asked[:3] == ["ValidateCredentials", "CreateTemporaryDirectory", "TransferTo"]
    assert guest.asked.count("StartProgram") == 1
    assert {call[2] for call in guest.calls if call[0] == "TransferTo"} == {"600"}
    assert "Cookie" not in guest.asked
    assert wire.counts["StartProgramInGuest"] == 1


def test_the_secret_is_in_one_upload_and_nowhere_else(vcenter, everybody, inside, caplog, capfd):
    guest = inside("web01")
    machine = guest.linux()
    with caplog.at_level(logging.DEBUG), vcenter.over(Overheard) as (adapter, wire):
        found = run(adapter, only(everybody, "web01"), hi.GuestCredentials(*ACCOUNT))
    assert found[0].state == "connected"
    with_secret = [operation for operation, _, body, _ in wire.sent if SECRET.encode() in body]
    assert with_secret == ["PUT guestFile"]
    password = b"guest &amp; &lt;password&gt; 1"
    for operation, url, body, headers in wire.sent:
        assert SECRET not in url + str(headers)
        assert (password in body) == (operation.endswith(("InGuest", "ToGuest")) or "FromGuest" in operation)
        if password in body:
            assert body.count(password) == 1
            assert b"<password>" + password in body
    spoken = caplog.text + "".join(capfd.readouterr()) + repr(found[0]) + guest.told("calls")
    for hidden in (SECRET, ACCOUNT[1]):
        assert hidden not in spoken
    assert "token=" not in caplog.text.replace("token=scrubbed", "")
    for name in ("called", "processes", "environment"):
        assert machine.recorded(name)
        assert SECRET not in machine.recorded(name)


def test_a_windows_machine_gets_a_closed_folder_before_the_secret(vcenter, everybody, inside):
    guest = inside("sql01")
    guest.windows(0, "connected as sql01".encode("utf-16"), CONNECTED)
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "sql01"))
    assert (one.state, one.exit_code, one.left_behind) == ("connected", 0, ())
    assert one.log == "connected as sql01"
    first, second = guest.told("told").splitlines()
    assert first.startswith("C:\\Windows\\System32\\icacls.exe")
    assert "/inheritance:r" in first
    assert second.startswith('C:\\Windows\\System32\\cmd.exe /d /s /c ""C:\\Users')
    assert guest.told("files").split() == ["onboard.ps1", "run.cmd", "secret"]
    assert guest.told("given") == f"{SECRET}\n"
    assert guest.asked.index("StartProgram") < guest.asked.index("TransferTo")
    assert guest.files == []
    assert b"\r\n" in (guest.folder / "run.cmd").read_bytes()


def test_without_a_secret_where_a_certificate_is_in_the_guest(vcenter, everybody, inside):
    guest = inside("web01")
    machine = guest.linux()
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"), secret="", linux={"certificate": "/etc/arc/principal.pem"})
    assert one.state == "connected"
    assert "service-principal-secret" not in machine.config
    assert [call[1].rpartition("/")[2] for call in guest.calls if call[0] == "TransferTo"] == ["onboard.sh", "run.sh"]


def test_many_at_a_time_and_one_that_fails_stops_nobody(vcenter, everybody, inside):
    insides = {name: inside(name) for name in ("web01", "web02", "app01", "app02")}
    machines = {name: one.linux() for name, one in insides.items()}
    machines["app01"].fails(42, "level=error msg=AZCM0042 the name is reserved")
    with vcenter.over() as (adapter, _):
        found = run(adapter, only(everybody, *insides), workers=3)
    assert {one.name: one.state.value for one in found} == {
        "web01": "connected", "web02": "connected", "app01": "failed", "app02": "connected"
    }  # fmt: skip
    assert [one.vm_id for one in found] == [case.vm_id for case in only(everybody, *insides).candidates]
    assert all(one.files == [] for one in insides.values())


# A dry run


def test_a_dry_run_changes_nothing_and_tries_no_account(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    with vcenter.over() as (adapter, wire):
        found = adapter.run_onboarding(everybody, ACCOUNT, service_principal_id=APPLICATION)
    assert {one.state.value for one in found} == {"would_run"}
    assert len(found) == len(everybody.candidates) > 4
    assert not [one for one in wire.counts if "Guest" in one]
    assert guest.calls == []
    assert "as admin" in found[0].message


def test_a_dry_run_may_try_the_accounts(vcenter, everybody, inside):
    guest, other = inside("web01"), inside("web02")
    accounts = {"web01": ACCOUNT, "web02": ("admin", "wrong password")}
    with vcenter.over() as (adapter, _):
        good, bad = adapter.run_onboarding(
            only(everybody, "web01", "web02"), accounts, service_principal_id=APPLICATION, check_credentials=True
        )
    assert (good.state, bad.state) == ("would_run", "failed")
    assert "InvalidGuestLogin" in bad.message
    assert "wrong password" not in repr(bad)
    assert guest.asked == other.asked == ["ValidateCredentials"]


def test_what_cannot_take_a_script_is_skipped_and_not_touched(vcenter, everybody, inside):
    off = next(case for case in everybody.skipped if case.name == "build01")
    toolless = next(case for case in everybody.skipped if case.name == "legacy01")
    good = only(everybody, "web01").candidates[0]
    cases = (
        off,
        toolless,
        evolve(good, bios_uuid="00000000-0000-4000-8000-000000000000"),
        evolve(only(everybody, "web02").candidates[0], os_type="windows"),
        evolve(good, vm_id="vsphere://another/vm-1", name="elsewhere"),
        evolve(good, vm_id=good.vm_id.rpartition("/")[0] + "/vm-99999", name="gone"),
    )
    with vcenter.over() as (adapter, wire):
        found = run(adapter, evolve(everybody, candidates=cases))
    assert {one.state.value for one in found} == {"skipped"}
    words = ("poweredOff", "VMware Tools", "not the machine", "windows in the plan", "is not at", "not there any more")
    assert all(word in one.message for word, one in zip(words, found, strict=True)), [one.message for one in found]
    assert not [one for one in wire.counts if "Guest" in one]


# What goes wrong before the script


def test_a_wrong_account_is_left_alone_before_it_is_locked(vcenter, everybody, inside):
    names = ("web01", "web02", "app01", "app02")
    insides = [inside(name) for name in names]
    with vcenter.over() as (adapter, _):
        found = run(adapter, only(everybody, *names), ("admin", "wrong password"), workers=4)
    assert sorted(one.state.value for one in found) == ["failed", "failed", "skipped", "skipped"]
    assert sum(len(one.calls) for one in insides) == 2
    failed = next(one for one in found if one.state == "failed")
    assert "nothing was changed in the guest" in failed.message
    assert "user name and password" in failed.remedy
    assert "wrong password" not in "".join(map(repr, found))


def test_tools_that_stop_meanwhile(vcenter, everybody, inside):
    guest = inside("web01")
    guest.has("stopped")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "failed"
    assert "GuestOperationsUnavailable" in one.message
    assert "nothing was changed" in one.message
    assert "VMware Tools" in one.remedy
    assert one.left_behind == ()


def test_a_transfer_that_fails_leaves_nothing_and_starts_nothing(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    guest.has("refuses")
    with vcenter.over() as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "failed"
    assert "answers 500" in one.message
    assert one.left_behind == ()
    assert guest.files == []
    assert "StartProgram" not in guest.asked
    assert wire.counts["PUT guestFile"] == 1


@pytest.mark.parametrize("host", ["attacker.example.com", "attacker.example.com:443", "127.0.0.1.example.com"])
def test_no_file_goes_anywhere_but_to_the_vcenter_and_the_host(vcenter, everybody, inside, host):
    guest = inside("web01")
    guest.linux()
    guest.has("sends-to", host)
    with vcenter.over(Overheard) as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "failed"
    assert "neither the vCenter nor" in one.message
    assert guest.files == []
    assert {httpx.URL(url).host for _, url, _, _ in wire.sent} == {"127.0.0.1"}


def test_a_file_may_go_to_the_host_of_the_machine(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    esx = next(one for one in vcenter.truth["hosts"] if "esx01" in one["name"])["name"]
    guest.has("sends-to", esx)

    class ToHost(Overheard):
        """What goes to the host arrives at the simulator."""

        def handle_request(self, request):
            if request.url.host == esx:
                self.sent.append(("to host", str(request.url), b"", request.headers))
                request.url = request.url.copy_with(host=vcenter.host, port=vcenter.port)
            return super().handle_request(request)

    with vcenter.over(ToHost) as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "connected", one
    assert [operation for operation, *_ in wire.sent].count("to host") >= 5
    assert not [headers for operation, _, _, headers in wire.sent if "guestFile" in operation and "cookie" in headers]


def test_a_folder_that_cannot_be_closed_gets_no_secret(vcenter, everybody, inside):
    guest = inside("sql01")
    guest.windows(0, b"", CONNECTED)
    guest.has("acl", "5")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "sql01"))
    assert one.state == "failed"
    assert "icacls ended with 5" in one.message
    assert "TransferTo" not in guest.asked
    assert guest.files == []


def test_accounts_by_name_by_id_and_by_a_function(vcenter, everybody, inside):
    plan = only(everybody, "web01", "web02", "app01")
    for name in ("web01", "web02", "app01"):
        inside(name).linux()

    def fails(case):
        raise RuntimeError(SECRET)

    with vcenter.over() as (adapter, _):
        by_key = run(adapter, plan, {plan.candidates[0].vm_id: ACCOUNT, "web02": hi.GuestCredentials(*ACCOUNT)})
        by_function = run(adapter, plan, fails)
    assert sorted(one.state.value for one in by_key) == ["connected", "connected", "skipped"]
    assert {one.state.value for one in by_function} == {"skipped"}
    assert SECRET not in "".join(map(repr, by_function))


# What goes wrong in the script


def test_what_the_agent_says_is_told_with_its_remedy(vcenter, everybody, inside):
    guest = inside("web01")
    machine = guest.linux()
    machine.fails(42, f"level=error msg=AZCM0042 reserved name; secret={SECRET}")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert (one.state, one.exit_code, one.azcm_code) == ("failed", 42, "AZCM0042")
    assert one.message.startswith("the script ended with 42: AZCM0042: ")
    assert one.remedy
    assert SECRET not in repr(one)
    assert "AZCM0042" in one.log
    assert guest.files == []


def test_an_exit_code_of_0_is_no_success_where_the_agent_says_otherwise(vcenter, everybody, inside):
    guest = inside("sql01")
    for agent, state, word in (
        (CONNECTED | {"status": "Disconnected"}, "failed", "Disconnected"),
        (CONNECTED | {"resourceGroup": "rg-other"}, "failed", "not the target"),
        ([], "unknown", "could not be read"),
    ):
        guest.windows(0, b"all is well", agent)
        with vcenter.over() as (adapter, _):
            (one,) = run(adapter, only(everybody, "sql01"))
        assert (one.state, one.exit_code) == (state, 0)
        assert word in one.message


def test_an_exit_code_that_the_tools_have_forgotten_is_in_a_file(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    guest.has("forgets")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert (one.state, one.exit_code) == ("connected", 0)


def test_a_script_that_never_ends_is_ended_and_its_secret_is_gone(vcenter, everybody, inside):
    guest = inside("web01")
    machine = guest.linux()
    os.mkfifo(machine.state / "gate")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"), script_timeout=1.5)
    assert one.state == "failed"
    assert "had not ended after" in one.message
    assert one.left_behind == ()
    assert guest.asked.count("TerminateProcess") == 1
    assert guest.files == []
    assert machine.leftovers == []
    assert machine.recorded("waiting")


def test_a_deadline_ends_it_too_and_there_is_time_to_tidy_up(vcenter, everybody, inside):
    guest = inside("sql01")
    guest.windows(0, b"", CONNECTED)
    guest.has("hangs")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "sql01"), deadline=2.5)
    assert one.state == "failed"
    assert "deadline" in one.message
    assert "taskkill.exe" in guest.told("told").splitlines()[-1]
    assert one.left_behind == ()
    assert guest.files == []


def test_what_cannot_be_deleted_is_said(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    guest.has("keeps")
    with vcenter.over() as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "connected"
    assert len(one.left_behind) == 1
    assert "hybridinv-" in one.left_behind[0]
    assert not [name for name in guest.files if name.endswith("secret")]


# The way breaks


@pytest.mark.parametrize(
    "operation",
    ["ValidateCredentialsInGuest", "InitiateFileTransferToGuest", "StartProgramInGuest", "ListProcessesInGuest"],
)
def test_a_lost_session_is_renewed_and_nothing_is_started_twice(vcenter, everybody, inside, operation):
    guest = inside("web01")
    guest.linux()
    with vcenter.over(Interrupted, operation=operation, do=vcenter.terminate) as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "connected", one
    assert wire.counts["Login"] == 2
    assert guest.asked.count("StartProgram") == 1
    assert guest.files == []


class Deaf(Wire):
    """A wire that loses the answer, or the request, of an operation, once."""

    def __init__(self, simulator, operation, loses):
        super().__init__(simulator)
        self._operation, self._loses = operation, loses

    def handle_request(self, request):
        if request.extensions["operation"] != self._operation or self.counts[self._operation]:
            return super().handle_request(request)
        if self._loses == "answer":
            super().handle_request(request).read()
        else:
            self.operations.append(self._operation)
        raise httpx.ReadError("connection reset", request=request)


def test_a_start_whose_answer_is_lost_is_found_again(vcenter, everybody, inside):
    guest = inside("web01")
    machine = guest.linux()
    os.mkfifo(machine.state / "gate")
    opener = threading.Thread(target=lambda: (machine.state / "gate").write_text("go\n"), daemon=True)
    opener.start()
    with vcenter.over(Deaf, operation="StartProgramInGuest", loses="answer") as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    opener.join()
    assert one.state == "connected", one
    assert wire.counts["StartProgramInGuest"] == 1
    assert guest.asked.count("StartProgram") == 1


def test_a_start_that_nobody_has_seen_is_unknown_and_cannot_happen_later(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    with vcenter.over(Deaf, operation="StartProgramInGuest", loses="request") as (adapter, wire):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "unknown"
    assert "whether the script was started" in one.message
    assert wire.counts["StartProgramInGuest"] == 1
    assert guest.files == []


def test_where_the_folder_stays_the_secret_at_least_goes(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    guest.has("keeps")
    with vcenter.over(Deaf, operation="StartProgramInGuest", loses="request") as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "unknown"
    assert len(one.left_behind) == 1
    assert sorted(name.rpartition("/")[2] for name in guest.files)[1:] == ["onboard.sh", "run.sh"]


def test_an_answer_that_is_lost_while_it_runs_costs_nothing(vcenter, everybody, inside):
    guest = inside("web01")
    guest.linux()
    with vcenter.over(Deaf, operation="ListProcessesInGuest", loses="answer") as (adapter, _):
        (one,) = run(adapter, only(everybody, "web01"))
    assert one.state == "connected", one


def test_a_second_run_leaves_alone_who_is_connected(vcenter, everybody, inside):
    first, second = inside("web01"), inside("web02")
    machines = first.linux(), second.linux()
    machines[1].fails(1, "AZCM0001")
    plan = only(everybody, "web01", "web02")
    with vcenter.over() as (adapter, _):
        before = run(adapter, plan)
        (machines[1].state / "failure").unlink()
        asked = len(first.calls)
        after = run(adapter, plan, resume=before)
    assert [one.state.value for one in before] == ["connected", "failed"]
    assert [one.state.value for one in after] == ["connected", "connected"]
    assert after[0] == before[0]
    assert len(first.calls) == asked
    assert second.asked.count("StartProgram") == 2


@pytest.fixture
def _heard():
    """Ctrl-C is heard also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heard")
def test_ctrl_c_ends_what_runs_begins_nothing_and_tidies_up(vcenter, everybody, inside):
    insides = [inside(name) for name in ("web01", "web02")]
    machines: list[Machine] = [one.linux() for one in insides]
    for machine in machines:
        os.mkfifo(machine.state / "gate")

    def interrupt():
        until = threading.Event()
        while not any(machine.recorded("waiting") for machine in machines):
            until.wait(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=interrupt, daemon=True)
    with vcenter.over() as (adapter, wire):
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            run(adapter, only(everybody, "web01", "web02"), workers=1)
    presser.join()
    assert wire.counts["StartProgramInGuest"] == 1
    assert [one.files for one in insides] == [[], []]
    assert [machine.leftovers for machine in machines] == [[], []]


# What is refused before anything is asked


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"auth": "browser"}, "browser"),
        ({"service_principal_id": ""}, "service_principal_id"),
        ({"secret": ""}, "secret="),
        ({"secret": "with a\nline break"}, "ASCII"),
        ({"workers": 0}, "workers"),
        ({"script_timeout": float("nan")}, "script_timeout"),
        ({"dry_run": "no"}, "dry_run"),
        ({"linux": {"sha1": "x"}}, "sha1"),
        ({"resume": ["web01"]}, "resume"),
        ({"account": "root:password"}, "guest_credentials"),
        ({"account": {"web01": ("root", "")}}, "password"),
        ({"plan": "plan.json"}, "plan="),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(vcenter, everybody, changes, word):
    options = {"plan": everybody, **changes}
    with vcenter.over() as (adapter, wire), pytest.raises(hi.NotSupported, match=word) as caught:
        run(adapter, options.pop("plan"), **options)
    assert wire.operations == []
    assert SECRET not in str(caught.value)
    assert "root:password" not in str(caught.value)


def test_no_run_is_recorded_or_played(vcenter, everybody):
    recorder = Recorder()
    with (
        vcenter.over() as (adapter, wire),
        adapter.overheard(recorder.wrap),
        pytest.raises(hi.NotSupported, match="tapes"),
    ):
        run(adapter, everybody)
    assert wire.operations == []


def test_a_body_with_a_guests_password_would_be_scrubbed(vcenter, everybody, inside):
    inside("web01").linux()
    with vcenter.over(Overheard) as (adapter, wire):
        run(adapter, only(everybody, "web01"))
    bodies = [body for operation, _, body, _ in wire.sent if "Guest" in operation and b"Envelope" in body]
    assert len(bodies) > 5
    for body in bodies:
        assert b"&lt;password&gt; 1" in body
        assert b"&lt;password&gt; 1" not in scrub(body, "StartProgramInGuest")


def test_credentials_do_not_show_their_password():
    one = hi.GuestCredentials("root", "hush hush")
    assert "hush" not in repr(one) + str(one)
    with pytest.raises(hi.NotSupported) as caught:
        hi.GuestCredentials("root", 12345678)
    assert "12345678" not in str(caught.value)
