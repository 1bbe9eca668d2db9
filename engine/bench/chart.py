"""The chart of a series as PNG: accuracy and tokens against length, a pair of panels for each suite."""

from __future__ import annotations

import io

from engine.types import Json

COLOURS = {
    "direct": "#a3281f", "retrieval": "#8a5a00", "compaction": "#6a4a9c", "rlm": "#1d6b50", "rlm-0": "#5aa98a",
    "rlm-2": "#2a5d8f",
}  # fmt: skip
MARKS = {"direct": "s", "retrieval": "^", "compaction": "D", "rlm": "o", "rlm-0": "v", "rlm-2": "P"}
INK, LINE = "#1f1e1b", "#e2dfd8"


def title_of(found: Json) -> str:
    """The title for a report of `engine.bench.results`: what was measured, and whether the ways can be compared."""
    line = f"{found['model']['name']}, a window of {found['model']['n_ctx']:,} tokens"
    return (
        f"{line}\nno comparison of the ways: direct fails at half a window already" if found["void"] else line
    )


def png(table: list[Json], title: str, dpi: int = 110) -> bytes:
    """Draw rows of `engine.bench.results`."""
    from matplotlib.figure import Figure  # half a second, and only here

    named = [*dict.fromkeys(row["suite"] for row in table)]
    figure = Figure(figsize=(8.2, 0.5 + 2.5 * max(1, len(named))), layout="constrained", dpi=dpi)
    axes = figure.subplots(max(1, len(named)), 2, squeeze=False)
    for (accuracy, tokens), suite in zip(axes, named, strict=False):
        for method in COLOURS:
            mine = [row for row in table if (row["suite"], row["method"]) == (suite, method)]
            if not mine:
                continue
            x = [row["windows"] for row in mine]
            y = [100 * row["accuracy"] for row in mine]
            look = {"color": COLOURS[method], "marker": MARKS[method], "markersize": 4.5, "linewidth": 1.5}
            low, high = ([100 * row[name] for row in mine] for name in ("low", "high"))
            beyond = [
                [a - b for a, b in zip(y, low, strict=True)],
                [b - a for a, b in zip(y, high, strict=True)],
            ]
            accuracy.errorbar(x, y, yerr=beyond, label=method, elinewidth=0.7, capsize=2, **look)
            tokens.plot(x, [max(1, row["tokens"]) for row in mine], **look)
        accuracy.set(ylim=(-4, 104), ylabel="right, %")
        tokens.set(yscale="log", ylabel="tokens per question")
        for axis in (accuracy, tokens):
            axis.set(xscale="log", xlabel="length of the text, in windows of the model")
            axis.set_title(suite, fontsize=10, loc="left", color=INK)
            axis.set_xticks(ticks := sorted({row["windows"] for row in table if row["suite"] == suite}))
            axis.set_xticklabels([f"{tick:g}" for tick in ticks])
            axis.minorticks_off()
            axis.grid(True, color=LINE, linewidth=0.7)
            axis.tick_params(labelsize=8, colors=INK)
            axis.xaxis.label.set_fontsize(8)
            axis.yaxis.label.set_fontsize(8)
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
    names = {
        label: line
        for line, label in (
            pair for axis in axes[:, 0] for pair in zip(*axis.get_legend_handles_labels(), strict=True)
        )
    }
    figure.legend(
        names.values(), names.keys(), loc="outside lower center", ncols=6, fontsize=8, frameon=False
    )
    figure.suptitle(title, fontsize=10, color=INK)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
