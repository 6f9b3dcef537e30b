"""The law of the call path on a real Asterisk: whatever breaks, the call goes on within 2.5 s.

The caller reaches the administrator's default IVR with INTERACT_STATUS=UNAVAILABLE, no other
INTERACT_ variable set, and their own absolute timeout and AGIEXITONHANGUP as they had them.
"""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from testbed import broken_agi as broken
from testbed.ivr import VARIABLES, extensions
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK, PortBlock
from testbed.report import Seen
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"
PbxFactory = Callable[..., Pbx]
ServiceFactory = Callable[..., Service]
WITHIN = 2.5

# The caller's own absolute timeout, by the first digits: 10 s, 1.9 s, 1 s with and without a T.
OWN_TIMEOUTS = """
exten => _10X.,1,Set(TIMEOUT(absolute)=10)
 same => n,Goto(look-up,1)
exten => _19X.,1,Set(TIMEOUT(absolute)=1.9)
 same => n,Goto(look-up,1)
exten => _11X.,1,Set(TIMEOUT(absolute)=1)
 same => n,Goto(look-up,1)
exten => _12X.,1,Set(TIMEOUT(absolute)=1)
 same => n,Goto(no-timeout-extension,look-up,1)
exten => _13X.,1,Set(TIMEOUT(absolute)=1)
 same => n,Goto(bare,look-up,1)
exten => _14X.,1,Goto(bare,look-up,1)
exten => _15X.,1,Gosub(testbed-report,s,1(arrived))
 same => n,Set(__INTERACT_WAITED=7)
 same => n,Set(__INTERACT_FREE_STATUS=FREED)
 same => n,Gosub(interact-free,s,1(380974520200))
 same => n,Goto(default-ivr,s,1)
exten => _16X.,1,Set(TIMEOUT(absolute)=1)
 same => n,Gosub(interact-free,s,1(380974520200))
 same => n,Goto(default-ivr,s,1)
exten => _17X.,1,Gosub(testbed-report,s,1(arrived))
 same => n,MSet(__INTERACT_ID=order-0,__INTERACT_LAST_ID=order-0,__INTERACT_STATUS=FOUND)
 same => n,Gosub(interact-retrieve,s,1(380974520200))
 same => n,Goto(default-ivr,s,1)
exten => look-up,1,Set(AGIEXITONHANGUP=no)
 same => n,Gosub(testbed-report,s,1(arrived))
 same => n,Gosub(interact-retrieve,s,1(380974520200))
 same => n,Goto(default-ivr,s,1)
exten => T,1,Gosub(testbed-report,s,1(own-timeout))
 same => n,Hangup(17)

[no-timeout-extension]
exten => look-up,1,Gosub(testbed-report,s,1(arrived))
 same => n,Gosub(interact-retrieve,s,1(380974520200))
 same => n,Goto(default-ivr,s,1)
exten => h,1,Gosub(testbed-report,s,1(hung-up))

[bare]
exten => look-up,1,Gosub(testbed-report,s,1(arrived))
 same => n,Gosub(interact-retrieve,s,1(380974520200))
 same => n,Gosub(testbed-report,s,1(behind))
 same => n,Hangup(17)
"""


@contextmanager
def closed_port() -> Iterator[str]:
    """Give an address nobody listens on."""
    with PortBlock() as block:
        yield f"{LOOPBACK}:{block.first}"


BROKEN: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "nobody listens": closed_port,
    "the backlog is full": broken.full_backlog,
    "it closes at once": lambda: broken.broken_agi(broken.closes_at_once),
    "it says garbage and closes": lambda: broken.broken_agi(broken.says_garbage_and_closes),
    "it says garbage and waits": lambda: broken.broken_agi(broken.says_garbage_and_waits),
    "it says half a line and waits": lambda: broken.broken_agi(broken.says_half_a_line_and_waits),
    "it sets half and waits": lambda: broken.broken_agi(broken.sets_half_and_waits),
    "it sets half and closes": lambda: broken.broken_agi(broken.sets_half_and_closes),
}


UNENDED_LINE = pytest.mark.xfail(
    strict=True,
    reason="Asterisk's AGI reads on and on for a line's end and looks at no timeout (22.10, 20.x)",
)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[UNENDED_LINE] if "half a line" in fault else [])
        for fault in BROKEN
    ],
)
def test_the_call_goes_on_when(tools: Tools, pbx_factory: PbxFactory, fault: str) -> None:
    """Whatever answers in the service's place, or does not, the default IVR is reached."""
    with BROKEN[fault]() as address:
        pbx = pbx_factory(extensions=extensions(address))
        place_calls(tools, pbx, [Call(NUMBER)])
    assert_default_ivr_in_time(pbx)


def test_the_call_goes_on_when_the_service_is_silent_and_the_number_stays_allocated(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """SIGSTOP: the kernel accepts, nobody answers; what the caller did not get is not consumed."""
    allocated(service)
    service.signal(signal.SIGSTOP)
    place_calls(tools, pbx, [Call(NUMBER)])
    service.signal(signal.SIGCONT)
    assert_default_ivr_in_time(pbx)
    service.wait_log("no call")
    (number,) = service.ask("number", "list")
    assert number["interaction"] == "order-1"


def test_the_call_goes_on_when_the_service_is_killed_in_mid_session(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """Killed (-9) with a look-up under way; after a restart the next call is FOUND."""
    allocated(service)
    service.signal(signal.SIGSTOP)
    with ThreadPoolExecutor(1) as beside:
        calls = beside.submit(place_calls, tools, pbx, [Call(NUMBER)])
        pbx.wait_seen("arrived")
        service.kill()
        calls.result()
    assert_default_ivr_in_time(pbx)
    service.start()
    place_calls(tools, pbx, [Call(NUMBER)])
    assert pbx.wait_seen("ivr", 2)[-1].values["INTERACT_ID"] == "order-1"


def test_the_call_goes_on_when_the_service_is_stopped(
    tools: Tools, service: Service, pbx: Pbx
) -> None:
    """A stopped service refuses connections: the call loses no time at all."""
    service.stop()
    place_calls(tools, pbx, [Call(NUMBER)])
    seen = assert_default_ivr_in_time(pbx)
    (arrived,) = pbx.seen("arrived")
    assert seen.at - arrived.at < 0.5


@pytest.mark.parametrize(("prefix", "own"), [("10", 10.0), ("19", 1.9)])
def test_a_longer_timeout_of_the_callers_own_goes_on_from_where_it_would_be(
    tools: Tools, pbx_factory: PbxFactory, prefix: str, own: float
) -> None:
    """After the guard has fired the rest of the caller's own timeout is left, and never none."""
    with broken.broken_agi(broken.sets_half_and_waits) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call(prefix + "00")])
    seen = assert_default_ivr_in_time(pbx, own_exit_on_hangup="no")
    assert 0 < float(seen.values["TIMEOUT(absolute)"]) <= own - 1.8 + 0.05


def test_a_longer_timeout_of_the_callers_own_goes_on_after_a_look_up(
    tools: Tools, service: Service, pbx_factory: PbxFactory
) -> None:
    """Where all is well the guard leaves no trace either."""
    pbx = pbx_factory(extensions=extensions(service.agi, OWN_TIMEOUTS))
    allocated(service)
    place_calls(tools, pbx, [Call("1000")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "FOUND"
    assert seen.values["AGIEXITONHANGUP"] == "no"
    left, passed = float(seen.values["TIMEOUT(absolute)"]), seen.at - arrived.at
    assert left == pytest.approx(10 - passed, abs=0.1)


def test_a_shorter_timeout_of_the_callers_own_ends_in_the_callers_own_t(
    tools: Tools, pbx_factory: PbxFactory
) -> None:
    """It is left standing; when it fires the call is in extension T of the calling context."""
    with broken.broken_agi(broken.sets_half_and_waits) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call("1100")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("own-timeout")
    assert seen.at - arrived.at < 2.1
    assert_nothing_but_unavailable(seen)
    assert seen.values["AGIEXITONHANGUP"] == "no"
    assert pbx.seen("ivr") == []


def test_a_shorter_timeout_without_a_t_ends_the_call_as_without_us(
    tools: Tools, pbx_factory: PbxFactory
) -> None:
    """Asterisk hangs up where the calling context has no extension T."""
    with broken.broken_agi(broken.sets_half_and_waits) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call("1200")])
        (hung_up,) = pbx.wait_seen("hung-up")
    (arrived,) = pbx.seen("arrived")
    assert hung_up.at - arrived.at < 2.1
    assert pbx.seen("ivr") == []


@pytest.mark.parametrize("server", [broken.sets_half_and_waits, broken.says_nothing])
def test_a_caller_who_hangs_up_in_a_second_look_up_leaves_nothing_of_the_first(
    tools: Tools, pbx_factory: PbxFactory, server: Callable[..., None]
) -> None:
    """Extension h of the calling context sees what a Gosub that returned would have left."""
    with broken.broken_agi(server) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call("1700", hang_up_after_seconds=0.4)])
        (hung_up,) = pbx.wait_seen("hung-up")
    assert_nothing_but_unavailable(hung_up)
    assert pbx.seen("ivr") == []


@pytest.mark.parametrize("kind", ["13", "14"])
def test_a_call_that_is_over_does_nothing_more_in_a_context_without_h_and_t(
    tools: Tools, pbx_factory: PbxFactory, kind: str
) -> None:
    """Hung up, or its own timeout over: what stands behind the Gosub must not run."""
    with broken.broken_agi(broken.sets_half_and_waits) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        hangs_up = 0.4 if kind == "14" else None
        place_calls(tools, pbx, [Call(kind + "00", hang_up_after_seconds=hangs_up)])
        pbx.wait_until("core show channels count", "0 active channels")
    assert len(pbx.wait_seen("arrived")) == 1
    assert pbx.seen("behind") == []


@pytest.mark.parametrize("fault", [fault for fault in BROKEN if "half a line" not in fault])
def test_freeing_a_number_goes_on_too_when(
    tools: Tools, pbx_factory: PbxFactory, fault: str
) -> None:
    """What holds for a retrieval holds for `interact-free`, and a retrieval's variables stay."""
    with BROKEN[fault]() as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call("1500")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("ivr")
    assert seen.at - arrived.at < WITHIN
    assert seen.values["INTERACT_FREE_STATUS"] == "UNAVAILABLE"
    assert seen.values["INTERACT_WAITED"] == "7"


def test_the_callers_own_t_and_h_run_from_interact_free_too(
    tools: Tools, pbx_factory: PbxFactory
) -> None:
    """Each subroutine leaves the way it was entered."""
    with broken.broken_agi(broken.says_nothing) as address:
        pbx = pbx_factory(extensions=extensions(address, OWN_TIMEOUTS))
        place_calls(tools, pbx, [Call("1600")])
        assert len(pbx.wait_seen("own-timeout")) == 1
        place_calls(tools, pbx, [Call("1500", hang_up_after_seconds=0.4)])
        pbx.wait_seen("hung-up", 2)
    assert pbx.seen("ivr") == []


def test_a_shorter_timeout_of_the_callers_own_survives_a_look_up(
    tools: Tools, service: Service, pbx_factory: PbxFactory
) -> None:
    """It is neither stretched nor cut by a look-up that goes well."""
    pbx = pbx_factory(extensions=extensions(service.agi, OWN_TIMEOUTS))
    allocated(service)
    place_calls(tools, pbx, [Call("1100")])
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("ivr")
    assert seen.values["INTERACT_STATUS"] == "FOUND"
    left, passed = float(seen.values["TIMEOUT(absolute)"]), seen.at - arrived.at
    assert left == pytest.approx(1 - passed, abs=0.1)


def allocated(service: Service) -> None:
    """Allocate the number to ``order-1``."""
    service.import_numbers(NUMBER)
    service.ask("allocate", "order-1")


def assert_default_ivr_in_time(pbx: Pbx, own_exit_on_hangup: str = "") -> Seen:
    """Check that the only call so far reached the default IVR as the law says."""
    (arrived,), (seen,) = pbx.wait_seen("arrived"), pbx.wait_seen("ivr")
    assert seen.at - arrived.at < WITHIN
    assert_nothing_but_unavailable(seen)
    assert seen.values["AGIEXITONHANGUP"] == own_exit_on_hangup
    return seen


def assert_nothing_but_unavailable(seen: Seen) -> None:
    """Check that the status is UNAVAILABLE and that nothing is left half set."""
    values = {name: seen.values[name] for name in VARIABLES if seen.values[name]}
    assert values == {"INTERACT_STATUS": "UNAVAILABLE"}
