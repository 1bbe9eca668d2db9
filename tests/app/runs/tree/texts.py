"""What the made-up runs say: questions, code, outputs, and a small real PNG."""

from __future__ import annotations

import base64
from functools import cache

QUESTION = "Which supply contracts end before the new braiding machine is paid off, and what does each say about notice?"
PARTS = (
    "Which of these letters mention the harbour warehouse?",
    "What is the notice period in this contract?",
    "When does the contract with Tollen Packaging end?",
    "List the amounts of the invoices marked disputed.",
    "Does this piece say anything about a deposit? Answer yes or no.",
    "Who signed the lease for the shop in Mill Lane, and when?",
    "Sum the hours in the shift log of March.",
)
CODE = (
    "hits = context.search('notice period', k=8)\nfor hit in hits:\n    print(hit.name, hit.line, hit.text[:80])",
    "contracts = [d for d in context if 'contract' in d.name.lower()]\nprint(len(contracts), 'contracts')",
    "import re\n\n# Amounts as the ledger writes them\namounts = [float(a.replace(',', '')) for a in re.findall(r'([\\d,]+\\.\\d\\d) euros', context[3])]\nprint(f'{len(amounts)} amounts, {sum(amounts):,.2f} in total')\nsorted(amounts)[-3:]",
    "verdicts = llm_query_batched([f'When does this contract end?\\n{d[:2000]}' for d in contracts])\nfor d, verdict in zip(contracts, verdicts):\n    print(d.name, '->', verdict)",
    'def months(text: str) -> int:\n    """Months of notice, 0 for none."""\n    found = re.search(r\'(\\d+)\\s+months?\', text)\n    return int(found.group(1)) if found else 0\n\nnotice = {d.name: months(d) for d in contracts}\nnotice',
)
LINES = (
    "supply-keelby-dyes.md 41 Either party may end this contract with a notice period of six weeks",
    "supply-tollen-packaging.md 12 ends on 30 September 2025 unless it is renewed in writing",
    "supply-dunmarrow-fibres.md 7 a notice period of three months to the end of a quarter",
    "3 contracts, 465 documents looked at",
    "17 amounts, 48,211.50 in total",
)
PROSE = (
    "I look at what there is before I read any of it in full.",
    "The search found the clauses; I now read each contract around its hit and ask for the end date.",
    "Two of the three dates agree with the ledger. The third needs a second look.",
)
TABLE = (
    '<table border="1" class="dataframe"><thead><tr><th></th><th>contract</th><th>ends</th><th>notice</th></tr></thead>'
    "<tbody><tr><th>0</th><td>Dunmarrow Fibres</td><td>2026-03-31</td><td>three months</td></tr>"
    "<tr><th>1</th><td>Keelby Dyes</td><td>2025-12-31</td><td>six weeks</td></tr>"
    "<tr><th>2</th><td>Tollen Packaging</td><td>2025-09-30</td><td>60 days</td></tr></tbody></table>"
)
TRACEBACK = (
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
    "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 2\x1b[39m\n\x1b[32m      1\x1b[39m ends = {}",
    "\x1b[32m----> 2\x1b[39m ends[\x1b[33m'Tollen Packaging'\x1b[39m]\n",
    "\x1b[31mKeyError\x1b[39m: 'Tollen Packaging'",
)


@cache
def plot() -> str:
    """A small plot as base64 PNG."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.2), dpi=100)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"]
    axes.bar(months, [12, 9, 14, 22, 18, 7, 11, 16], color="#1d6b50")
    axes.set_ylabel("letters that mention the warehouse")
    axes.spines[["top", "right"]].set_visible(False)
    data = io.BytesIO()
    figure.savefig(data, format="png", bbox_inches="tight")
    pyplot.close(figure)
    return base64.b64encode(data.getvalue()).decode()
