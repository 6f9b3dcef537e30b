"""What is said of a number that was read: a rule's words, else the metadata's and the plan's."""

from dialplan.details import Details, QueueType
from dialplan.directory import Owner
from dialplan.metadata import Known
from dialplan.plan import Plan
from dialplan.reader import Means, Reading
from dialplan.text import Written, split


def describe(raw: str, reading: Reading, plan: Plan, owner: Owner | None) -> Details:
    """Say what is known of *raw*, which was read so by *plan* and is the extension of *owner*."""
    rule = reading.match and reading.match.rule
    number = split(reading.normalized)
    classes = _classes(reading, plan)
    dialable = rule.dialable if rule else True
    return Details(
        raw_text=raw,
        normalized_text=reading.normalized,
        display_text=_display(reading, number),
        edit_base=_edit_base(reading, number),
        extension=number.extension,
        default_classification=classes[0],
        classifications=classes,
        internal=reading.means is Means.INTERNAL,
        queue_type=owner.queue_type if owner else QueueType.NONE,
        queue_name=_queue_name(plan, owner) if owner else "",
        voicemail_capable=bool(owner and owner.mailbox),
        dial_capable=dialable,
        auto_dial_extension=number.separator == "/",
        dial_string=_dial_string(reading, number) if dialable else "",
        emergency=reading.means is Means.EMERGENCY or bool(rule and rule.emergency),
        description=rule.description if rule else "",
    )


def _queue_name(plan: Plan, owner: Owner) -> str:
    name: str = getattr(plan.queues, owner.queue_type.name.lower())
    return name.replace("{extension}", owner.extension).replace("{id}", owner.id)


def _display(reading: Reading, number: Written) -> str:
    match = reading.match
    if match and match.rule.display:
        text, extension = match.rule.display.render(match.groups), match.by.extension
    elif number.base:
        text = reading.known.display if reading.known else number.base
        extension = number.extension
    else:
        text, extension = number.extension, ""
    return f"{text} x{extension}" if extension else text


def _edit_base(reading: Reading, number: Written) -> str:
    return reading.known.edit_base if reading.known else number.base


def _dial_string(reading: Reading, number: Written) -> str:
    match = reading.match
    if match and match.rule.dial_string:
        text, behind = match.rule.dial_string.render(match.groups), match.by
        separator, extension = behind.separator, behind.extension
    elif number.base:
        text = reading.known.dial_string if reading.known else number.base
        separator, extension = number.separator, number.extension
    else:
        return number.extension
    return f"{text}/{extension}" if separator == "/" else text


def _classes(reading: Reading, plan: Plan) -> tuple[str, ...]:
    """The rule's classes, else the one of what the number is, and further ones."""
    classes = plan.classes
    if reading.match and reading.match.rule.classifications:
        return reading.match.rule.classifications
    if reading.match and reading.match.rule.emergency:
        return (classes.emergency,)
    match reading.means:
        case Means.EMERGENCY:
            return (classes.emergency,)
        case Means.INTERNAL:
            return (classes.internal,)
        case Means.ADDRESS:
            return (classes.sip,)
    known = reading.known
    if known is None:
        return (classes.unknown,)
    kind: str = getattr(classes, known.kind)
    further = _further(known, plan) if known.valid else ""
    return (kind, further) if further and further != kind else (kind,)


def _further(known: Known, plan: Plan) -> str:
    """Whether it is near, as far as the plan can tell."""
    if plan.home_country and known.abroad:
        return plan.classes.international
    if not plan.area_codes:
        return ""
    national = known.national
    is_local = national.startswith(plan.area_codes)
    return plan.classes.local if is_local else plan.classes.long_distance
