"""The files an administrator copies: the samples boot a PBX, and its first call is FOUND."""

from collections.abc import Callable
from pathlib import Path

from testbed.ivr import CONFIG
from testbed.pbx import Pbx
from testbed.ports import LOOPBACK, PortBlock
from testbed.service import Service
from testbed.sipp import Call, place_calls
from testbed.tools import Tools

NUMBER = "380974520200"


def test_a_pbx_of_the_samples_finds_an_interaction(
    tools: Tools, service: Service, pbx_factory: Callable[..., Pbx]
) -> None:
    """With nothing changed but addresses, a first call is FOUND and Asterisk has no complaint."""
    samples = {file.name: file.read_text("utf-8") for file in (CONFIG / "samples").iterdir()}
    assert set(samples) == {
        "ari.conf",
        "extensions.conf",
        "http.conf",
        "manager.conf",
        "pjsip.conf",
    }
    with PortBlock() as ports:
        here = {
            "0.0.0.0:5060": f"{LOOPBACK}:{ports.first}",
            "203.0.113.10": LOOPBACK,
            "bindport=8088": f"bindport={ports.first + 1}",
            "port=5038": f"port={ports.first + 2}",
            "; INTERACT_AGI=127.0.0.1:4573": f"INTERACT_AGI={service.agi}",
            '"extensions_interact.conf"': f'"{CONFIG}/extensions_interact.conf"',
        }
        adapted = {name: replaced(text, here) for name, text in samples.items()}
        pbx = pbx_factory(extensions=adapted.pop("extensions.conf"), extra=adapted)
        pbx.sip_port = ports.first
        watch(service, ports.first + 1)
        service.import_numbers(NUMBER)
        service.ask("allocate", "order-1")
        place_calls(tools, pbx, [Call(NUMBER)])
        log = pbx.log_path.read_text("utf-8")
        assert "interact-ivr" in pbx.cli("ari show users")
        assert "interact-ivr" in pbx.cli("manager show users")
    assert "Interaction order-1 calls after 0 s" in log
    assert service.ask("journal")[-1]["call"]["pbx"] == "main", "the only PBX needs no name"
    assert [line for line in log.splitlines() if "pbx_config" in line and "ERROR" in line] == []


def watch(service: Service, port: int) -> None:
    """Have the service watch the PBX of the samples, with the password that stands there."""
    password = service.folder / "ari-password"
    password.touch(mode=0o600)
    password.write_text("change-me-ari\n")
    service.stop()
    service.configure(
        f'[[pbx]]\nari_url = "http://{LOOPBACK}:{port}/ari"\nari_password = "{password}"\n'
    )
    service.start()
    (watched,) = service.wait_log("the pbx is watched")
    assert (watched["pbx"], watched["filtered"]) == ("main", False)


def test_the_gosubs_empty_every_variable_the_service_sets() -> None:
    """One list of names: what extensions_interact.conf empties is what a retrieval sets."""
    from interact_ivr.agi.variables import Variable

    text = Path(CONFIG / "extensions_interact.conf").read_text("utf-8")
    begin = "exten => forget,1,MSet(__INTERACT_"
    (line,) = (line for line in text.splitlines() if line.startswith(begin))
    pairs = line.removeprefix("exten => forget,1,MSet(").removesuffix(")").split(",")
    expected = [f"__{name}={'UNAVAILABLE' if name is Variable.STATUS else ''}" for name in Variable]
    assert pairs == expected


def replaced(text: str, replacements: dict[str, str]) -> str:
    """Put the test's own addresses in place of the sample's."""
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text
