"""``monitoring``: what is shipped for Prometheus and Grafana, to be put where they read it."""

import click

_FILES = {"alerts": "alerts.yml", "dashboard": "dashboard.json"}


@click.command()
@click.argument("what", type=click.Choice(list(_FILES)))
def monitoring(what: str) -> None:
    """Print Prometheus's rules of alerts, or Grafana's dashboard."""
    from importlib.resources import files

    text = files("interact_ivr").joinpath("monitoring", _FILES[what]).read_text("utf-8")
    click.echo(text, nl=False)
