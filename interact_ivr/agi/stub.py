#!/usr/bin/python3 -IS
"""Relays a plain AGI() to the running service: AGI(interact-ivr-agi,retrieve_interaction).

Copied into Asterisk's AGI directory. It holds no logic of its own and imports next to nothing,
because Asterisk starts it anew for every call: prefer FastAGI, which needs no process.

    AGI(interact-ivr-agi,<script>[?environment=..&pbx=..][,args])
    AGI(interact-ivr-agi,agi://127.0.0.1:4580/<script>[?..][,args])

Where the service cannot be reached or says nothing for 1.7 s, it ends and nothing is set.
"""

from _socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from posix import read, write
from select import select
from time import monotonic

SERVICE = ("127.0.0.1", 4573)
SECONDS = 1.7  # the Gosub's guard would be 1.8


def main() -> None:
    """Relay between Asterisk on the standard streams and the service, until one side ends."""
    deadline = monotonic() + SECONDS
    opening = b""
    while not opening.endswith(b"\n\n"):
        part = read(0, 4096)
        if not part:
            return
        opening += part
    address, opening = for_service(opening)
    service = socket(AF_INET, SOCK_STREAM)
    service.settimeout(SECONDS)
    service.connect(address)
    service.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    service.sendall(opening)
    while True:
        ready = select([0, service.fileno()], [], [], max(0, deadline - monotonic()))[0]
        if not ready:
            return
        if service.fileno() in ready:
            commands = service.recv(4096)
            if not commands:
                return
            write(1, commands)
        if 0 in ready:
            replies = read(0, 4096)
            if not replies:
                return
            service.sendall(replies)


def for_service(opening: bytes) -> tuple[tuple[str, int], bytes]:
    """Give the service's address, and the opening as FastAGI would have sent it.

    ValueError where Asterisk's own lines follow an argument: that is a line feed in a caller id,
    by which a caller would say who is to lead the call.
    """
    address, script, lines, arguments = SERVICE, b"", [], []
    for line in opening.split(b"\n"):
        name, _, value = line.partition(b": ")
        if name == b"agi_arg_1":
            script = script or value  # the first one: others are line breaks in arguments
        elif name.startswith(b"agi_arg_"):
            arguments.append(b"agi_arg_%d: %s" % (int(name[8:]) - 1, value))
        elif line and (script or arguments):
            raise ValueError("a line where Asterisk has none")
        elif line:
            lines.append(line)
    if script.startswith(b"agi://"):
        place, _, script = script[6:].partition(b"/")
        host, _, port = place.partition(b":")
        address = (host.decode(), int(port or SERVICE[1]))
    opened = [b"agi_network: yes", b"agi_network_script: " + script, *lines, *arguments, b"", b""]
    return address, b"\n".join(opened)


if __name__ == "__main__":
    try:  # noqa: SIM105  contextlib is one more import
        main()
    except (OSError, ValueError):
        pass  # the service is not there: the status the Asterisk dialplan set stands
