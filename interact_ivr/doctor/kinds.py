"""What the doctor can find: a table of kinds, each with what to do."""

from enum import Enum, StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOT_LOOKED_AT = "not looked at"
    """What it takes to look is broken itself, or is not configured."""
    WARNING = "warning"
    PROBLEM = "problem"


_WARNING, _PROBLEM = Severity.WARNING, Severity.PROBLEM


class Kind(Enum):
    """What can be wrong: a stable code, how bad it is, what it is, and what to do about it.

    What stands in braces in the advice is filled in by whoever finds it.
    """

    CONFIGURATION = (
        *("configuration.unusable", _PROBLEM, "the configuration cannot be used"),
        "correct {file}; interact-ivr print configuration has every key",
    )
    DOUBTFUL = (
        *("configuration.doubtful", _WARNING, "what may be configured so, and should not"),
        "change it in {file}, unless it is meant",
    )
    OTHER_CONFIGURATION = (
        *("configuration.other", _WARNING, "the service runs with another configuration"),
        "restart it: systemctl restart interact-ivr",
    )
    SECRET_EXPOSED = (
        *("secret.exposed", _PROBLEM, "others may read a secret"),
        "chmod 0600 {file}, or 0640 with the service's group, and change the secret",
    )
    SECRET_MISSING = (
        *("secret.missing", _PROBLEM, "a secret cannot be read"),
        "put it where {key} says, readable by the service",
    )
    CERTIFICATE_EXPIRED = (
        *("certificate.expired", _PROBLEM, "a certificate is not valid any more, or not yet"),
        "put a valid one at {file}, then systemctl reload interact-ivr",
    )
    CERTIFICATE_ENDS = (
        *("certificate.ends", _WARNING, "a certificate ends soon"),
        "renew {file} before, then systemctl reload interact-ivr",
    )
    CERTIFICATE_UNREADABLE = (
        *("certificate.unreadable", _PROBLEM, "a certificate cannot be read"),
        "{key} must name a PEM file that the service can read",
    )
    STORE_ABSENT = (
        *("store.absent", _PROBLEM, "there is no store"),
        "interact-ivr init makes one; interact-ivr db restore puts a backup there",
    )
    STORE_READ_ONLY = (
        *("store.read_only", _PROBLEM, "the store cannot be written"),
        "let the service's user write {file}, and its folder",
    )
    STORE_FULL = (
        *("store.full", _PROBLEM, "the store's disk is full"),
        "make room on the disk of {file}; nothing has to be restarted",
    )
    STORE_FILLING = (
        *("store.filling", _WARNING, "the store's disk is nearly full"),
        "make room on the disk of {file}, or lower journal.days",
    )
    STORE_NEWER = (
        *("store.newer", _PROBLEM, "a later release has written the store"),
        "install that release again, or put a backup of this one's back: interact-ivr db restore",
    )
    STORE_OLDER = (
        *("store.older", _WARNING, "the store has an older schema"),
        "interact-ivr db migrate, or start the service, which does it",
    )
    STORE_EXPOSED = (
        *("store.exposed", _PROBLEM, "others may read the store"),
        "chmod 0600 {file}",
    )
    STORE_FAILING = (
        *("store.failing", _PROBLEM, "the store cannot be used"),
        "look at {file} and at the service's log; a backup is put back by interact-ivr db restore",
    )
    DATABASE_UNREACHABLE = (
        *("database.unreachable", _PROBLEM, "the database cannot be reached"),
        "see that PostgreSQL runs at store.url and lets the service's user in",
    )
    PORT_TAKEN = (
        *("port.taken", _PROBLEM, "another program has a port of ours"),
        "ss -ltnp 'sport = :{port}' names it; end it, or change {key}",
    )
    SERVICE_DOWN = (
        *("service.down", _PROBLEM, "the service does not run"),
        "systemctl start interact-ivr; its log says why it has ended",
    )
    AGI_UNANSWERED = (
        *("agi.unanswered", _PROBLEM, "a call's question is not answered"),
        "see that {address} is the service's, and that no firewall is between",
    )
    AGI_UNAVAILABLE = (
        *("agi.unavailable", _PROBLEM, "calls are told UNAVAILABLE"),
        "the service's log says why, beside the same time",
    )
    HTTP_UNANSWERED = (
        *("http.unanswered", _PROBLEM, "programs are not answered over HTTP"),
        "see that {address} is the service's",
    )
    POOL_EMPTY = (
        *("pool.empty", _PROBLEM, "there is no number to lend"),
        "interact-ivr number import FILE",
    )
    POOL_EXHAUSTED = (
        *("pool.exhausted", _WARNING, "every number is in use or rests"),
        "import more numbers, or shorten pool.hold_for_seconds and pool.rest_for_seconds",
    )
    ARI_OFF = (
        *("ari.off", _PROBLEM, "Asterisk's HTTP server answers, and ARI does not"),
        "ari.conf: enabled = yes; then asterisk -rx 'module load res_ari.so' and "
        "'module reload res_ari.so'",
    )
    ARI_REFUSED = (
        *("ari.refused", _PROBLEM, "ARI does not accept the user or the password"),
        "make ari.conf's [{user}] and the secret of {key} the same; then asterisk -rx "
        "'module reload res_ari.so'",
    )
    ARI_UNREACHABLE = (
        *("ari.unreachable", _PROBLEM, "ARI cannot be reached"),
        "http.conf: enabled = yes, with the bindaddr and bindport of pbx.ari_url; then "
        "asterisk -rx 'module reload http'",
    )
    HTTP_ELSEWHERE = (
        *("http.elsewhere", _PROBLEM, "Asterisk's HTTP server is bound elsewhere, or off"),
        "make bindaddr and bindport of http.conf and pbx.ari_url the same; then asterisk -rx "
        "'module reload http', or systemctl restart interact-ivr",
    )
    ARI_TAKEN_OVER = (
        *("ari.taken_over", _PROBLEM, "another program has registered our ARI application"),
        "end it, or give pbx.ari_application another name of this node's own",
    )
    ARI_UNWATCHED = (
        *("ari.unwatched", _PROBLEM, "the service does not watch the calls"),
        "interact-ivr status says why; it tries again by itself",
    )
    ARI_NOT_ALL = (
        *("ari.not_all", _PROBLEM, "our ARI application is not told of all calls"),
        "systemctl restart interact-ivr; if it stays, end what else uses that application",
    )
    AMI_UNREACHABLE = (
        *("ami.unreachable", _PROBLEM, "AMI cannot be reached"),
        "manager.conf: enabled = yes, with bindaddr and port as pbx.ami_host and pbx.ami_port; "
        "then asterisk -rx 'manager reload'",
    )
    AMI_REFUSED = (
        *("ami.refused", _PROBLEM, "AMI does not accept the user or the secret"),
        "make manager.conf's [{user}] and the secret of {key} the same; then asterisk -rx "
        "'manager reload'",
    )
    AMI_RIGHTS = (
        *("ami.rights", _PROBLEM, "the AMI user may not ask what is needed"),
        "manager.conf, [{user}]: write = system,reporting; then asterisk -rx 'manager reload'",
    )
    CLOCK = (
        *("clock.differs", _PROBLEM, "our clock and the PBX's differ"),
        "have both machines keep time by NTP: timedatectl set-ntp true",
    )
    MODULE_MISSING = (
        *("module.missing", _PROBLEM, "Asterisk lacks a module that the Gosubs need"),
        "take it out of modules.conf's noload, or install it; then asterisk -rx "
        "'module load {module}.so'",
    )
    GOSUB_ABSENT = (
        *("gosub.absent", _PROBLEM, "the Gosubs' file is not on the PBX"),
        "copy extensions_interact.conf beside extensions.conf, and #include it there; then "
        "asterisk -rx 'dialplan reload'",
    )
    GOSUB_NOT_INCLUDED = (
        *("gosub.not_included", _PROBLEM, "the Gosubs' file is there, and is not included"),
        'extensions.conf: #include "extensions_interact.conf"; then asterisk -rx '
        "'dialplan reload'",
    )
    GOSUB_EDITED = (
        *("gosub.edited", _PROBLEM, "the Gosubs are not those of this release"),
        "copy this release's extensions_interact.conf over it; then asterisk -rx 'dialplan reload'",
    )
    GOSUB_ADDRESS = (
        *("gosub.address", _PROBLEM, "the Gosubs ask at another address than the service's"),
        "extensions.conf, [globals]: INTERACT_AGI={address}; then asterisk -rx 'dialplan reload'",
    )
    GOSUB_MISPLACED = (
        *("gosub.misplaced", _PROBLEM, "a Gosub is called where Asterisk would end the call"),
        "call it in the main Asterisk dialplan, before Dial or Queue; never in U(), b(), B(), "
        "h or a hang-up handler",
    )
    GOSUB_UNCALLED = (
        *("gosub.uncalled", _PROBLEM, "no call asks whose it is"),
        "in the inbound context: exten => _X.,1,Gosub(interact-retrieve,s,1)",
    )
    DIALPLAN_NOT_RELOADED = (
        *("dialplan.not_reloaded", _PROBLEM, "Asterisk runs another dialplan than its file has"),
        "asterisk -rx 'dialplan reload'",
    )
    DIALPLAN_BROKEN = (
        *("dialplan.broken", _PROBLEM, "Asterisk cannot read its extensions.conf"),
        "asterisk -rx 'dialplan reload', and correct what its log names, an #include of a "
        "missing file perhaps",
    )
    CONTEXT_ABSENT = (
        *("context.absent", _PROBLEM, "an inbound context is not in the Asterisk dialplan"),
        "correct pbx.inbound_contexts, or add the context to extensions.conf",
    )
    NUMBER_UNKNOWN = (
        *("number.unknown", _WARNING, "numbers are routed here that the pool does not know"),
        "interact-ivr number add NUMBER, if they shall be lent",
    )
    NUMBER_UNROUTED = (
        *("number.unrouted", _PROBLEM, "numbers of the pool reach no Gosub"),
        "route them to Gosub(interact-retrieve,s,1), or interact-ivr number remove NUMBER",
    )
    CALL_FAILED = (
        *("call.failed", _PROBLEM, "a test call was not told whose it is"),
        "what else is found here is the cause; else the service's log, and asterisk -rvvv",
    )
    CALL_NOT_PLACED = (
        *("call.not_placed", _WARNING, "no test call could be placed"),
        "run it on the PBX, where asterisk -rx may be said, or give pbx.ami_user the right "
        "originate for as long",
    )

    def __init__(self, code: str, severity: Severity, what: str, advice: str) -> None:
        self.code = code
        self.severity = severity
        self.what = what
        self.advice = advice

    def __call__(self, facts: str = "", **values: object) -> "Found":
        """Give what was found of this kind; *values* are for the advice."""
        return Found(self, facts, self.advice.format(**values) if values else self.advice)


class Found(msgspec.Struct, frozen=True):
    """What a check has found: of which kind, in which facts, and what to do."""

    kind: Kind
    facts: str
    advice: str
