"""Why an installation into Asterisk's configuration is refused."""


class CannotInstallError(Exception):
    """Nothing was changed; *faults* are sentences for the administrator, one a reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
