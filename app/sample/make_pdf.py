"""Typeset annual-report.md into documents/reports/annual-report-2024.pdf, the same bytes every time.

Run as `python -m app.sample.make_pdf`; needs reportlab, which is listed in requirements-dev.txt.
"""

from pathlib import Path

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

HERE = Path(__file__).parent
SOURCE = HERE / "annual-report.md"
TARGET = HERE / "documents" / "reports" / "annual-report-2024.pdf"

INK = colors.HexColor("#20303c")
STYLES = {
    "# ": ParagraphStyle("title", fontName="Times-Bold", fontSize=28, leading=34, spaceAfter=8 * mm),
    "## ": ParagraphStyle("section", fontName="Times-Bold", fontSize=16, leading=20, spaceAfter=4 * mm),
    "### ": ParagraphStyle(
        "market", fontName="Times-BoldItalic", fontSize=12, leading=15, spaceBefore=3 * mm, spaceAfter=2 * mm
    ),
    "- ": ParagraphStyle(
        "item", fontName="Times-Roman", fontSize=11, leading=15, leftIndent=6 * mm, bulletIndent=1 * mm
    ),
    "": ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15, spaceAfter=3 * mm),
}
# Sections that open a page, so that the report has the shape of a report and not of a letter.
OWN_PAGE = {"From the managing director", "Markets", "Skerry Point", "People", "Accounts in short", "Outlook"}
TABLE = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), "Times-Roman", 11),
        ("FONT", (0, 0), (-1, 0), "Times-Bold", 11),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
        ("LINEABOVE", (0, -1), (-1, -1), 0.3, INK),
    ]
)


def flowables(source: str) -> list[Flowable]:
    """Return the report's blocks in order; `source` is the small Markdown subset of annual-report.md."""
    story: list[Flowable] = []
    for block in source.strip().split("\n\n"):
        lines = block.split("\n")
        if block.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            del rows[1]
            table = Table(rows, colWidths=[80 * mm, 30 * mm, 30 * mm], hAlign="LEFT", style=TABLE)
            story += [table, Spacer(0, 8 * mm)]
            continue
        for line in lines:
            mark = next(mark for mark in STYLES if line.startswith(mark))
            text = line[len(mark) :]
            if mark == "## " and text in OWN_PAGE:
                story.append(PageBreak())
            story.append(Paragraph(text, STYLES[mark], bulletText="\u2022" if mark == "- " else None))
        story.append(Spacer(0, 2 * mm))
    return story


def build(target: Path) -> None:
    """Write the report to `target` (PDF, A4, several pages)."""
    rl_config.invariant = 1  # no clock and no random document id in the file
    target.parent.mkdir(parents=True, exist_ok=True)
    document = SimpleDocTemplate(
        str(target),
        pagesize=A4,
        leftMargin=28 * mm,
        rightMargin=28 * mm,
        topMargin=26 * mm,
        bottomMargin=26 * mm,
        title="Annual report 2024",
        author="Hessindale Ropeworks Limited",
        invariant=1,
    )

    def footer(canvas, template) -> None:
        canvas.setFont("Times-Roman", 9)
        canvas.setFillColor(INK)
        canvas.drawCentredString(A4[0] / 2, 14 * mm, f"Hessindale Ropeworks, 2024, page {template.page}")

    document.build(flowables(SOURCE.read_text("utf-8")), onFirstPage=footer, onLaterPages=footer)


if __name__ == "__main__":
    build(TARGET)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")
