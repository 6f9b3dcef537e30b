"""``make demo``: a customer's interaction gets a number, a real call to it finds the interaction.

Every step is what a user would do: the command line of the service, a real Asterisk 22, a real SIP
call. A step that does not hold ends the demonstration with exit status 1.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from testbed.fetch import FetchError, bring
from testbed.ivr import VARIABLES, extensions
from testbed.pbx import Pbx, PbxError
from testbed.ports import LOOPBACK, is_free
from testbed.service import Service, ServiceError
from testbed.sipp import Call, SippError, place_calls

T = TypeVar("T")

POOL = ("380974520200", "380974520201", "380974520202")
INTERACTION = "basket-4711"
FORGOTTEN = "basket-4712"
CUSTOMER = "380501234567"
HOLD_SECONDS = 3
AGI_PORT = 4573

console = Console(highlight=False)


class StepFailed(Exception):
    """A step of the demonstration did not hold."""


def main(*, once: bool) -> None:
    """Run every step; then stay up until Ctrl-C unless *once*."""
    with ExitStack() as stack:
        service, pbx = demonstrate(stack)
        console.print("\n[bold green]Every step held.[/]")
        if not once:
            stay(service, pbx)


def demonstrate(stack: ExitStack) -> tuple[Service, Pbx]:
    """Run the steps; what they start is left running on *stack*."""
    tools = bring()  # says itself how far it is
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="interact-ivr-demo-")))
    settings = f"[pool]\nhold_for_seconds = {HOLD_SECONDS}\n"
    service = Service(folder / "service", settings, agi_port=free_port("FastAGI", AGI_PORT))
    step("the service runs, its store in one SQLite file", stack.enter_context, service)
    pbx = Pbx(tools, folder / "asterisk", extensions=extensions(service.agi))
    step(f"Asterisk {tools.version} runs", stack.enter_context, pbx)
    step(f"a pool of {len(POOL)} numbers is imported", service.import_numbers, *POOL)
    allocation = step(
        f"the customer presses Call: interaction [bold]{INTERACTION}[/] is allocated a number",
        service.ask,
        "allocate",
        INTERACTION,
    )
    number = allocation["entered"]
    console.print(f"      the app shows [bold cyan]{number}[/]")
    step(
        "the customer dials it: a real SIP call", place_calls, tools, pbx, [Call(number, CUSTOMER)]
    )
    show_what_the_call_learned(pbx)
    expect_free(service, number)
    forgotten = step(
        f"another customer presses Call and never dials: [bold]{FORGOTTEN}[/]",
        service.ask,
        "allocate",
        FORGOTTEN,
    )
    step(
        f"their number {forgotten['entered']} expires after {HOLD_SECONDS} s",
        service.wait_log,
        "expired",
        timeout_seconds=HOLD_SECONDS + 2,
    )
    expect_free(service, forgotten["entered"])
    return service, pbx


def step(sentence: str, do: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
    """Carry one step out, saying so before and after."""
    begun = time.monotonic()
    with console.status(sentence):
        result = do(*arguments, **keywords)
    took = f"[dim]{time.monotonic() - begun:.1f} s[/]"
    console.print(f"  [green]✓[/] {sentence} {took}", soft_wrap=True)
    return result


def show_what_the_call_learned(pbx: Pbx) -> None:
    """Print the channel variables the Asterisk dialplan had in that call."""
    (seen,) = pbx.wait_seen("ivr")
    table = Table("channel variable", "in the Asterisk dialplan", box=None, padding=(0, 2, 0, 6))
    for name in VARIABLES:
        if seen.values[name]:
            table.add_row(f"[dim]{name}[/]", f"[bold]{seen.values[name]}[/]")
    console.print(table)
    if (seen.values["INTERACT_STATUS"], seen.values["INTERACT_ID"]) != ("FOUND", INTERACTION):
        raise StepFailed(f"the call did not find {INTERACTION}")
    took = (seen.at - pbx.seen("arrived")[0].at) * 1000
    console.print(
        f"  [green]✓[/] the Asterisk dialplan knows whose call it is [dim]after {took:.1f} ms[/]"
    )


def expect_free(service: Service, entered: str) -> None:
    """Check that nobody holds the number any more."""
    (number,) = (one for one in service.ask("number", "list") if one["entered"] == entered)
    if number["interaction"] is not None:
        raise StepFailed(f"{entered} is still allocated to {number['interaction']}")
    console.print(f"  [green]✓[/] {entered} is not allocated any more: it is {number['state']}")


def free_port(what: str, port: int) -> int | None:
    """Give *port*, or None where it is taken and another one must do."""
    if is_free(port):
        return port
    console.print(f"  [yellow]![/] port {port} is taken: {what} listens on another one")
    return None


def stay(service: Service, pbx: Pbx) -> None:
    """Say where everything listens, and wait for Ctrl-C."""
    service.stop()
    service.configure()  # from here on a number waits its usual 15 minutes
    service.start()
    console.print(
        f"""
  Call it     sip:{POOL[0]}@{LOOPBACK}:{pbx.sip_port} (UDP, from this machine, no password)
  FastAGI     agi://{service.agi}/retrieve_interaction
  Service     interact-ivr --help; its configuration is {service.config}
  Asterisk    its configuration is {pbx.etc}, its log {pbx.log_path}
  Try         export INTERACT_IVR_CONFIG={service.config}
              .venv/bin/interact-ivr allocate basket-4713
              .venv/bin/interact-ivr number list

Ctrl-C ends it all."""
    )
    with ending_at_a_signal():
        signal.pause()


@contextmanager
def ending_at_a_signal() -> Iterator[None]:
    """End quietly at Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print("\nended")


if __name__ == "__main__":
    try:
        main(once="--once" in sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except (StepFailed, FetchError, PbxError, ServiceError, SippError) as error:
        console.print(f"  [bold red]✗[/] {error}", soft_wrap=True)
        sys.exit(1)
