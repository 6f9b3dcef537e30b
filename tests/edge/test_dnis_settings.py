"""The settings of the vendor's DNIS API, each at a service of its own that has it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from interact_ivr.domain.values import Ending
from testbed.line import control
from testbed.ports import LOOPBACK
from testbed.service import Service
from testbed.vendor import FREE_NUMBER, INTERACTION, NUMBER, Answer, Kind, Shop, Way, ask

MakeService = Callable[..., Service]


def both(shop: Shop) -> list[Way]:
    return [Way(shop, "rest"), Way(shop, "soap")]


def test_the_support_url_is_a_setting(service_factory: MakeService) -> None:
    """`moreInfoUrl`: the URL is a setting; header and body stay the same valid JSON."""
    url = 'https://help.example/a?b="c"&d=\\\\'
    service = service_factory(http=f"support_url = '{url}'")
    answer = Way(Shop.opened(service), "rest").with_headers(Tenant_Id="").free(NUMBER)
    assert json.loads(answer.text)["moreInfoUrl"] == url
    assert answer.headers.get_all("Unauthenticated-Reason") == [answer.text]


def test_the_application_name_is_a_setting(service_factory: MakeService) -> None:
    """/Application Name/version/[version]/..., in each dialect and in the WSDLs."""
    service = service_factory(http='application_name = "dnis.api"')
    shop = Shop.opened(service).stocked()
    path = f"/dnis.api/version/2/dnis/allocate/free/{NUMBER}"
    assert ask(service, "POST", path, shop.user_headers(), b"").told == "200 "
    assert Way(shop, "rest").free(NUMBER).status == 404
    assert ask(service, "POST", path.replace("dnis.api", "dnisXapi"), {}, b"").status == 404
    wsdl = ask(service, "GET", "/dnis.api/version/2/agent/soap/agent.wsdl").text
    assert f'location="{service.http}/dnis.api/version/2/agent/soap"' in wsdl
    fault = ask(service, "GET", "/dnis.api/version/2/agent/soap")
    assert fault.headers["Content-Type"] == "text/xml; charset=utf-8"


def test_get_consumes_where_that_is_set(service_factory: MakeService) -> None:
    """One vendor page says that retrieval itself frees; HEAD does not, nor does what is idle."""
    shop = Shop.opened(service_factory(http="get_consumes = true")).stocked()
    head = f"/interact/version/2/dnis/allocate/get/{NUMBER}"
    for way in both(shop):
        shop.allocate(INTERACTION, group="test")
        assert ask(shop.service, "HEAD", head, shop.app_headers(shop.key)).status == 200
        assert [way.get(NUMBER).value for _ in range(2)] == [INTERACTION, ""]
        assert way.get("2111234567").told.endswith(
            way.expects(rest="was not found", soap="was not found</ns2:result>")
        )
    page = control(shop.service, "journal.list", environment=shop.environment)
    ends = [each["event"] for each in page["entries"] if each["event"] in set(Ending)]
    assert ends == ["retrieved"] * 2


@pytest.mark.parametrize(("kind", "over"), [("rest", "REST"), ("soap", "SOAP")])
def test_the_journal_says_that_a_get_retrieved(
    service_factory: MakeService, kind: Kind, over: str
) -> None:
    """And over what: there is no call that it could name."""
    shop = Shop.opened(service_factory(http="get_consumes = true")).stocked()
    assert Way(shop, kind).get(NUMBER).value == INTERACTION
    page = control(shop.service, "journal.list", environment=shop.environment)
    entry = page["entries"][-1]
    assert (entry["event"], entry["detail"]) == ("retrieved", f"get over {over}")
    assert (entry["interaction"], entry["call"], entry["ani"]) == (INTERACTION, None, None)


def test_exhaustion_under_the_strict_rule(service_factory: MakeService) -> None:
    """403 also while numbers rest, where `pool.resting = "strict"`."""
    shop = Shop.opened(service_factory('[pool]\nresting = "strict"\n')).stocked()
    for way in both(shop):
        assert way.free(NUMBER).status == 200
        assert way.allocate("first").value == FREE_NUMBER
        assert "Currently there are no available phone numbers" in way.allocate("second").told


def test_people_see_who_freed(service_factory: MakeService) -> None:
    """The journal's table says it beside the event."""
    service = service_factory('[environment]\ndefault = "acme/live"\n')
    shop = Shop.opened(service, tenant="acme").stocked()
    assert Way(shop, "rest").free(NUMBER).told == "200 "
    assert "freed (by admin over REST)" in service.command("journal", "--number", NUMBER).stdout


# The registry of interactions


class RegistryServer:
    """An operator's registry on loopback: what it answers is set, what it heard is kept."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._started: asyncio.Future[int] = self._loop.create_future()
        self._released = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])

    def __enter__(self) -> RegistryServer:
        ready = threading.Event()
        self._loop.call_soon(lambda: self._started.add_done_callback(lambda _: ready.set()))
        self._thread.start()
        assert ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._released.set)
        self._thread.join(5)
        self._loop.close()

    @property
    def url(self) -> str:
        """The setting's value."""
        return f"http://{LOOPBACK}:{self._started.result()}/interactions/{{id}}?kind=audit"

    async def _run(self) -> None:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        self._started.set_result(runner.addresses[0][1])
        await self._released.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.heard.append(request.raw_path)
        if self.status == 0:
            await self._released.wait()
        headers = {"Location": "/interactions/other"} if self.status == 302 else {}
        return web.Response(status=self.status or 200, headers=headers)


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    """Give a registry that answers."""
    with RegistryServer() as server:
        yield server


@pytest.fixture(scope="module")
def registered(
    registry: RegistryServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Give a service that asks it."""
    service = Service(tmp_path_factory.mktemp("registered"))
    text = service.config.read_text("utf-8")
    setting = f'[http]\ninteraction_registry = "{registry.url}"\n'
    service.config.write_text(text.replace("[http]\n", setting), "utf-8")
    with service:
        yield service


@pytest.fixture(params=["rest", "soap"])
def asking(request: pytest.FixtureRequest, registry: RegistryServer, registered: Service) -> Way:
    """Give a way to ask that service; the registry knows everything, and heard nothing."""
    registry.status = 200
    registry.heard.clear()
    return Way(Shop.opened(registered).stocked(), request.param)


def test_an_interaction_that_the_registry_knows(registry: RegistryServer, asking: Way) -> None:
    """It is asked once, by the id as a path has it; over both ways the same."""
    interaction = "a/../b#c d@e+f=g"
    assert asking.allocate(interaction).value == FREE_NUMBER
    assert registry.heard == ["/interactions/a%2F..%2Fb%23c%20d@e%2Bf=g?kind=audit"]


@pytest.mark.parametrize("status", [404, 410])
def test_an_interaction_that_the_registry_does_not_know(
    registry: RegistryServer, asking: Way, status: int
) -> None:
    """404 `Audit message <message id> was not found`."""
    registry.status = status
    said = "Audit message Unique Id 3 was not found"
    assert asking.allocate("Unique Id 3").told == asking.expects(
        rest=f"404 {said}",
        soap=f"500 <faultcode>SOAP-ENV:Client</faultcode><faultstring>{said}</faultstring>",
    )
    assert asking.shop.holders()[f"+{FREE_NUMBER}"] is None


def is_broken(answer: Answer) -> bool:
    reference = answer.headers["X-Request-Id"]
    return answer.status == 500 and f"Internal error, reference {reference}" in answer.told


@pytest.mark.parametrize("status", [500, 302, 401, 0])
def test_a_registry_that_does_not_say(registry: RegistryServer, asking: Way, status: int) -> None:
    """Broken, elsewhere, shut or silent: 500 with a reference, and nothing is allocated."""
    registry.status = status
    answer = asking.allocate("Unique Id 3")
    assert is_broken(answer)
    assert asking.shop.holders()[f"+{FREE_NUMBER}"] is None
    (failed,) = [
        line
        for line in asking.shop.service.log("a request failed")
        if line["reference"] == answer.headers["X-Request-Id"]
    ]
    assert "the interaction registry" in failed["reason"]


def test_a_registry_that_is_not_there(service_factory: MakeService) -> None:
    """The same, and the other methods do without it."""
    service = service_factory(http='interaction_registry = "http://127.0.0.1:1/{id}"')
    for way in both(Shop.opened(service).stocked()):
        assert is_broken(way.allocate("Unique Id 3"))
        assert way.get(NUMBER).status == way.free(NUMBER).status == 200


@pytest.mark.parametrize("interaction", [".", ".."])
def test_what_is_no_name_in_a_path_is_not_known(
    registry: RegistryServer, asking: Way, interaction: str
) -> None:
    """The registry would be asked about something else."""
    assert f"Audit message {interaction} was not found" in asking.allocate(interaction).told
    assert registry.heard == []


def test_what_can_be_no_interaction_is_not_asked_about(
    registry: RegistryServer, asking: Way
) -> None:
    """It is refused by name, as without a registry."""
    for interaction in ("a$b", "a" * 129, "\u0416"):
        named = asking.expects(rest="400 id: ", soap="<faultstring>uniqueId: ")
        assert named in asking.allocate(interaction).told
    assert registry.heard == []


def test_who_may_not_allocate_is_not_asked_about(registry: RegistryServer, asking: Way) -> None:
    """Whoever has no key of ours makes the service ask nobody."""
    refused = asking.with_headers(Application_Key="wrong").allocate("Unique Id 3")
    assert "0x7000000" in refused.told
    assert registry.heard == []
