"""Hostile texts by a seed: markup, Markdown and signs of every kind, alone and set into each other."""

from __future__ import annotations

import random

SCRIPTS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg/onload=window.pwned=1//",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<math><mtext><style><img src=x onerror=window.pwned=1></style></mtext></math>",
    "<details open ontoggle=window.pwned=1>",
    "<form action=https://evil.example><button>x</button></form>",
    "<style>*{background:url(https://evil.example/)}</style>",
    "<base href=https://evil.example/>",
    "<a href=javascript:window.pwned=1>x</a>",
    "javascript:window.pwned=1",
    "JaVaScRiPt&colon;window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "vbscript:window.pwned=1",
    "https://evil.example/?q=secret",
    "//evil.example/x.png",
    '" onmouseover="window.pwned=1" x="',
    "' style='background:url(https://evil.example/)'",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#60;script&#62;window.pwned=1&#60;/script&#62;",
    "${window.pwned=1}",
    "{{constructor.constructor('window.pwned=1')()}}",
    "<!--><img src=x onerror=window.pwned=1>-->",
    "<![CDATA[<script>window.pwned=1</script>]]>",
    "\u202e\u2066<b>\u2069",
    "\x1b]8;;javascript:window.pwned=1\x07x\x1b]8;;\x07",
    "\ue003\U00100000\U00105000\U0010a000",
    "__proto__",
)
FORMS = (
    "{}",
    "[x]({})",
    "[{}](y)",
    "![x]({})",
    "![{}](<{}>)",
    "<{}>",
    "[r]: {}\n\n[x][r]",
    "`{}`",
    "```{}\n{}\n```",
    "| {} | b |\n|---|:-:|\n| `|{}` | 2 |",
    "**{}** ~~{}~~",
    "> {}\n- {}",
    "- [x] {}\n  1. {}",
    "# {} #",
    "[1] {} [2](",
    "{}\n===",
    "    {}",
    "\\{}\\",
    "[{}]",
    '[x](y "{}")',
)


def hostile(seed: int, count: int) -> list[str]:
    """So many texts; the same seed gives the same."""
    rng = random.Random(seed)
    return [_text(rng, rng.randint(1, 3)) for _ in range(count)]


def _text(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(SCRIPTS)
    form = rng.choice(FORMS)
    parts = form.split("{}")
    return "".join(
        part + (_text(rng, depth - 1) if number < len(parts) - 1 else "") for number, part in enumerate(parts)
    )
