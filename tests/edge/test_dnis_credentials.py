"""Who may ask the vendor's DNIS API: headers, keys by kind of application, environments, users.

Whatever is wrong, the answer is the same row of seed 000: "Invalid security headers".
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from testbed.line import control
from testbed.service import Service
from testbed.vendor import (
    FREE_NUMBER,
    INTERACTION,
    NUMBER,
    Answer,
    Headers,
    Shop,
    Way,
    ask,
    base64_of,
)

FAULT = (
    "500 <faultcode>0x7000000</faultcode>"
    "<faultstring>Request is unauthorized, missing or wrong credentials</faultstring>"
)
REASON = {
    "code": "0x7000000",
    "message": "Request is unauthorized, missing or wrong credentials",
    "moreInfoUrl": "http://www.jacada.com/support",
}
METHODS: dict[str, Callable[[Way], Answer]] = {
    "free": lambda way: way.free(NUMBER),
    "get": lambda way: way.get(NUMBER),
    "allocate": lambda way: way.allocate("Unique Id 3"),
    "create": lambda way: way.create("2111234567"),
}
USER, APP = ("User-Id", "User-Password"), ("Tenant-Id", "Application-Key")
NEEDED = [
    *((method, header) for method in ("free", "create") for header in (*USER, *APP)),
    *((method, header) for method in ("get", "allocate") for header in APP),
]


def is_refused(answer: Answer) -> bool:
    """Say whether it is the row of invalid security headers, in either form."""
    if answer.headers["Content-Type"] == "text/xml; charset=utf-8":
        return answer.told == FAULT
    reasons = answer.headers.get_all("Unauthenticated-Reason", [])
    return answer.status == 401 and reasons == [answer.text] and json.loads(answer.text) == REASON


def untouched(shop: Shop) -> bool:
    return shop.holders() == {f"+{NUMBER}": INTERACTION, f"+{FREE_NUMBER}": None}


# Headers


@pytest.mark.parametrize(("method", "header"), NEEDED)
def test_a_missing_header(way: Way, method: str, header: str) -> None:
    """*free* and *create* need user and app headers, *get* and *allocate* those of the app."""
    changed = way.with_headers(**{header.replace("-", "_"): ""})
    assert is_refused(METHODS[method](changed))
    assert untouched(way.shop)


@pytest.mark.parametrize("method", ["get", "allocate"])
def test_no_user_is_needed(way: Way, method: str) -> None:
    """*get* and *allocate* [docs]: headers of the app; a user's besides are passed over."""
    assert METHODS[method](way).status == 200
    assert METHODS[method](way.with_headers(User_Id="!", User_Password="!")).status == 200


@pytest.mark.parametrize("header", [*USER, *APP])
def test_a_wrong_header(way: Way, header: str) -> None:
    """Whatever it holds, and however long it is."""
    for value in (" ", "x", "x" * 5000, "\u00ff", "W10=", "'--"):
        changed = way.with_headers(**{header.replace("-", "_"): value})
        assert is_refused(changed.free(NUMBER)), value
    assert untouched(way.shop)


def doubled(shop: Shop, header: str, value: str) -> Answer:
    pairs = [*shop.user_headers().items(), (header, value)]
    return ask(shop.service, "POST", f"/interact/version/2/dnis/allocate/free/{NUMBER}", pairs, b"")


@pytest.mark.parametrize("header", [*USER, *APP])
def test_a_header_that_is_there_twice(shop: Shop, header: str) -> None:
    """Even with the same value: nobody knows which one a proxy has looked at."""
    assert is_refused(doubled(shop, header, shop.user_headers()[header]))
    assert is_refused(doubled(shop, header.lower(), "other"))
    assert untouched(shop)


def test_two_environments_are_none(shop: Shop) -> None:
    """`Environment-Name` twice, each of them good."""
    pairs: list[tuple[str, str | bytes]] = [
        *shop.user_headers().items(),
        ("Environment-Name", "live"),
        ("Environment-Name", "live"),
    ]
    path = f"/interact/version/2/dnis/allocate/free/{NUMBER}"
    assert is_refused(ask(shop.service, "POST", path, pairs, b""))
    assert untouched(shop)


def test_the_names_of_headers_are_in_any_case(shop: Shop) -> None:
    """HTTP's rule; proxies that speak HTTP/2 write them small."""
    small = {name.lower(): value for name, value in shop.user_headers().items()}
    path = f"/interact/version/2/dnis/allocate/free/{NUMBER}"
    assert ask(shop.service, "POST", path, small, b"").told == "200 "


# Users


NOT_BASE64_OF_UTF8 = [
    *("admin", "YWRtaW4", "YWRtaW5=", "YWRtaW4=!", "YWRt\taW4=", "=", "====", "YWRtaW4_"),
    *("/w==", "wyg=", "7aCA"),  # bytes that are no UTF-8
    *("AA==", "Og==", base64_of("x" * 300)),  # text that is nobody's
]


@pytest.mark.parametrize("header", USER)
def test_what_is_not_base64_of_utf8(way: Way, header: str) -> None:
    """User-Id: <Base 64 encode of username>, else 401 and never 500."""
    for value in NOT_BASE64_OF_UTF8:
        changed = way.with_headers(**{header.replace("-", "_"): value})
        assert is_refused(changed.free(NUMBER)), value
    assert untouched(way.shop)


@pytest.mark.parametrize(("user", "password"), [("admin", "Password"), ("nobody", "password")])
def test_a_wrong_password_and_an_unknown_user_are_told_the_same(
    way: Way, user: str, password: str
) -> None:
    """Which of the two it was is not said."""
    changed = way.with_headers(User_Id=base64_of(user), User_Password=base64_of(password))
    assert is_refused(changed.free(NUMBER))


def test_a_password_beyond_ascii(way: Way) -> None:
    """Base 64 encode of user password, in UTF-8."""
    password = "пароль \U0001f4de:"
    control(way.shop.service, "user.add", tenant=way.shop.tenant, user="ann", password=password)
    ann = way.with_headers(User_Id=base64_of("ann"), User_Password=base64_of(password))
    assert ann.free(NUMBER).status == 200


def test_another_tenants_user(way: Way) -> None:
    """A user is one of the tenant that the headers name, and of no other."""
    other = Shop.opened(way.shop.service)
    control(way.shop.service, "user.add", tenant=other.tenant, user="eve", password="password")
    assert is_refused(way.with_headers(User_Id=base64_of("eve")).free(NUMBER))
    assert untouched(way.shop)


# Keys


@pytest.mark.parametrize("method", ["free", "get", "create"])
def test_a_consumers_key_frees_nothing(way: Way, method: str) -> None:
    """Create, get and free take the key of the DNIS application."""
    consumer = way.with_headers(Application_Key=way.shop.consumer_key)
    assert is_refused(METHODS[method](consumer))
    assert untouched(way.shop)


def test_a_dnis_key_allocates_nothing(way: Way) -> None:
    """Allocate takes the key of the application that runs the Interaction."""
    assert is_refused(way.with_headers(Application_Key=way.shop.key).allocate("Unique Id 3"))
    assert untouched(way.shop)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("header", ["Tenant-Id", "Application-Key"])
def test_another_tenants_credentials(way: Way, method: str, header: str) -> None:
    """Neither another tenant's name with our key, nor its key with our name."""
    other = Shop.opened(way.shop.service)
    theirs: Headers = {
        "Tenant-Id": other.tenant,
        "Application-Key": other.consumer_key if method == "allocate" else other.key,
    }
    changed = way.with_headers(**{header.replace("-", "_"): theirs[header]})
    assert is_refused(METHODS[method](changed))
    assert untouched(way.shop)


def test_a_key_that_was_taken_back(way: Way) -> None:
    """Two keys are good at once while they are changed; one that is removed is good no more."""
    shop, where = way.shop, {"application": "default", "environment": way.shop.environment}
    new = control(shop.service, "application.key.add", **where)["key"]
    assert way.free(NUMBER).status == way.with_headers(Application_Key=new).free(NUMBER).status
    control(shop.service, "application.key.remove", prefix=shop.key[:6], **where)
    assert is_refused(way.free(NUMBER))
    assert way.with_headers(Application_Key=new).free(NUMBER).status == 200


# Environments


@pytest.mark.parametrize("name", ["live", ""])
def test_the_only_environment_may_be_omitted(way: Way, name: str) -> None:
    """When working in a Multi Environment configuration, the Header must include the name."""
    assert way.with_headers(Environment_Name=name).free(NUMBER).status == 200


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_environment(way: Way, method: str) -> None:
    """A wrong name is always 401, also where the tenant has only one."""
    for name in ("Live", "test", way.shop.environment, "/live", "default", "*", "\u00ff"):
        assert is_refused(METHODS[method](way.with_headers(Environment_Name=name))), name
    assert untouched(way.shop)


def test_an_empty_environment_is_none(shop: Shop) -> None:
    """A program whose setting is empty sends the header all the same."""
    headers = {**shop.user_headers(), "Environment-Name": ""}
    path = f"/interact/version/2/dnis/allocate/free/{NUMBER}"
    assert ask(shop.service, "POST", path, headers, b"").told == "200 "


def test_of_several_environments_one_is_named(way: Way) -> None:
    """Absent it is 401, unless the configured default is the tenant's; a key is of one of them."""
    other = Shop.another(way.shop.service, way.shop.tenant, "test")
    other.take_in("2111234567")
    assert is_refused(way.free(NUMBER))
    assert way.with_headers(Environment_Name="live").free(NUMBER).status == 200
    theirs = Way(other, way.kind)
    assert theirs.with_headers(Environment_Name="test").get("2111234567").status == 200
    assert is_refused(theirs.with_headers(Environment_Name="live").get("2111234567"))
    assert is_refused(way.with_headers(Environment_Name="test").get(NUMBER))


def test_of_several_the_default_may_be_omitted(
    service_factory: Callable[..., Service],
) -> None:
    """`environment.default` is the one called by no name, for its own tenant only."""
    service = service_factory('[environment]\ndefault = "acme/live"\n')
    control(service, "tenant.add", tenant="acme")
    live = Shop.another(service, "acme", "live").stocked()
    for name in ("test", "dev"):
        Shop.another(service, "acme", name)
    control(service, "user.add", tenant="acme", user="admin", password="password")
    other = Shop.opened(service)
    Shop.another(service, other.tenant, "test")
    other.take_in("2111234567")
    for kind in ("rest", "soap"):
        assert Way(live, kind).get(NUMBER).value == INTERACTION
        assert is_refused(Way(other, kind).get("2111234567"))
