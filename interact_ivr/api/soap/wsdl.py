"""The two WSDLs, which are files beside this one but for the address they are served from."""

from importlib.resources import files
from string import Template

from interact_ivr.api.soap.writing import escaped


def agent_wsdl(address: str) -> bytes:
    """Give the WSDL of freeing, looking up and allocating; *address* is where to POST to."""
    return _filled("agent.wsdl", address)


def dnis_wsdl(address: str) -> bytes:
    """Give the WSDL of creating a phone number; *address* is where to POST to."""
    return _filled("dnis.wsdl", address)


def _filled(name: str, address: str) -> bytes:
    text = files("interact_ivr.api.soap").joinpath(name).read_text("utf-8")
    return Template(text).substitute(address=escaped(address)).encode("utf-8")
