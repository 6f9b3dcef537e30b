"""What others have written, made fit for the log and the terminal of whoever is on call."""


def shown(text: str, most: int = 200) -> str:
    """Give the beginning of *text*, *most* characters, with ? for what moves a cursor or is none.

    So it is one line, begins no escape sequence, and turns no writing round.
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text[:most])
