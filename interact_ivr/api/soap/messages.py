"""The SOAP operations as values: what each is called, what it takes, and how one is refused."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
"""SOAP 1.1. An Envelope of any other namespace is another version."""
DNIS = "http://com/jacada/interact/dnis/soap"
AGENT = "http://com/jacada/interact/agent/soap"
NAMESPACES = (DNIS, AGENT)
"""Either is good for every operation; an answer uses that of its request."""

CLIENT = "SOAP-ENV:Client"
SERVER = "SOAP-ENV:Server"
MUST_UNDERSTAND = "SOAP-ENV:MustUnderstand"
VERSION_MISMATCH = "SOAP-ENV:VersionMismatch"


class Operation(StrEnum):
    """What can be asked; the value is the name of the request's element."""

    FREE = "FreeDnisAllocationRequest"
    GET = "GetDnisAllocationRequest"
    ALLOCATE = "AllocateDnisRequest"
    CREATE = "CreatePhoneRequest"

    @property
    def response(self) -> str:
        """The name of the answer's element."""
        return self.removesuffix("Request") + "Response"


class Fields(msgspec.Struct, frozen=True):
    """The elements within a request's element, in the order the WSDL has them; any is read."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


FIELDS: Mapping[Operation, Fields] = MappingProxyType(
    {
        Operation.FREE: Fields(("phone",)),
        Operation.GET: Fields(("phone",)),
        Operation.ALLOCATE: Fields(("uniqueId",), ("group",)),
        Operation.CREATE: Fields(("phoneNumber",), ("dnId", "groupName", "enabled")),
    }
)


class SoapRequest(msgspec.Struct, frozen=True):
    """A request that is whole: every required field is there, and no field is empty."""

    operation: Operation
    namespace: str
    fields: Mapping[str, str]
    """The values by name. ``enabled``, where given, is ``true`` or ``false``."""


class SoapFault(Exception):
    """A request is refused, in the words of a SOAP fault.

    *malformed* says that the body is no envelope at all, or not one that would be read: HTTP
    answers 400. Every other fault travels with 500.
    """

    def __init__(self, code: str, text: str, *, malformed: bool = False) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.malformed = code, text, malformed
