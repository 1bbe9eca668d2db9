"""Forms of questions about rows, addresses and what each document says, and the words that fill them."""

from __future__ import annotations

NUMBERED = (
    "invoice",
    "order",
    "contract",
    "ticket",
    "case",
    "policy",
    "delivery",
    "account",
    "batch",
    "claim",
)
STATES = (
    "open",
    "paid",
    "overdue",
    "cancelled",
    "rejected",
    "approved",
    "late",
    "closed",
    "pending",
    "disputed",
)
LIST_IDS = ("List the {n} numbers from {s}.", "Which {n} numbers are from {s}?", "Give me the {n} numbers of {s}.",
            "What are the {n} numbers from {s}?", "List all {n} numbers by {s}.", "Show every {n} number from {s}.")  # fmt: skip
MARKED = ("How many {n}s are marked {s}?", "How many {n}s are {s}?", "How many of the {n}s are marked as {s}?",
          "Count the {n}s that are marked {s}.", "How many {n}s were {s}?")  # fmt: skip
EMAILS = ("List the e-mail addresses in the {d} about {s}.", "Which e-mail addresses are in the {d} on {s}?",
          "Give me all email addresses from the {d} about {s}.", "What email addresses stand in the {d} about {s}?")  # fmt: skip
EACH = ("What is the {l} in each of the {a} {n}s?", "What is the {l} of each {a} {n}?", "Give the {l} for every {a} {n}.",
        "What does each {n} say about the {l}?", "What {l} does each of the {a} {n}s have?", "List the {l} of each {n}.",
        "For each {a} {n}, what is the {l}?", "What do the {a} {n}s say about the {l}?", "Which {l} has each {n}?")  # fmt: skip
WHO_EACH = (
    "Who {v} each {a} {n}?",
    "Who {v} the {n} of each {a} meeting?",
    "Who {v} every {n}?",
    "Name who {v} each {n}.",
)
DID = (
    "signed",
    "wrote",
    "chaired",
    "took",
    "led",
    "approved",
    "attended",
    "prepared",
    "kept",
    "checked",
    "sent",
)
SELDOM = [
    tuple(words.split("/"))
    for words in """win/won/won expire/expired/expired melt/melted/melted elect/elected/elected invite/invited/invited
    praise/praised/praised rescue/rescued/rescued train/trained/trained bake/baked/baked cook/cooked/cooked
    grow/grew/grown catch/caught/caught hide/hid/hidden award/awarded/awarded choose/chose/chosen fine/fined/fined
    dismiss/dismissed/dismissed promote/promoted/promoted rob/robbed/robbed adopt/adopted/adopted bury/buried/buried
    launch/launched/launched sink/sank/sunk flood/flooded/flooded tune/tuned/tuned sing/sang/sung film/filmed/filmed
    broadcast/broadcast/broadcast quote/quoted/quoted teach/taught/taught examine/examined/examined grade/graded/graded
    grant/granted/granted refuse/refused/refused admit/admitted/admitted warn/warned/warned charge/charged/charged
    refund/refunded/refunded tax/taxed/taxed audit/audited/audited arrive/arrived/arrived fall/fell/fallen
    begin/began/begun vote/voted/voted knit/knitted/knitted weave/wove/woven feed/fed/fed milk/milked/milked
    burn/burnt/burnt plough/ploughed/ploughed harvest/harvested/harvested tow/towed/towed dock/docked/docked""".split()
]  # base, past and participle of verbs that the worlds do not have
DOCUMENTS = (
    "contract",
    "lease",
    "report",
    "letter",
    "policy",
    "agreement",
    "offer",
    "permit",
    "minutes",
    "mail",
    "memo",
)
SORTS = ("rental", "annual", "employment", "cleaning", "maintenance", "insurance", "sales", "project", "staff", "weekly", "")  # fmt: skip
