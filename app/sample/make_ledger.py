"""Write the four purchase ledgers of 2024 (documents/invoices/*.csv), the same bytes every time.

One row is one invoice. Rents, fees and the few large purchases stand on fixed days, as the contracts, mails
and minutes have them; the daily buying is drawn from lists. Run as `python -m app.sample.make_ledger`.
"""

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

FOLDER = Path(__file__).parent / "documents" / "invoices"
HEADER = "invoice,date,supplier,item,quantity,unit,unit price,amount,status,booked by,remark"
ROWS = 600
T = TypeVar("T")


class Ware(NamedTuple):
    """Something bought again and again: prices in euros, quantities in `unit`."""

    supplier: str
    item: str
    unit: str
    low: int
    high: int
    price: float


WARES = [
    Ware("Dunmarrow Fibres", "hemp, long line, count 16", "kg", 380, 1900, 3.85),
    Ware("Dunmarrow Fibres", "hemp, long line, count 20", "kg", 300, 1600, 4.10),
    Ware("Dunmarrow Fibres", "hemp, count 25, half bleached", "kg", 120, 700, 4.70),
    Ware("Dunmarrow Fibres", "manila, streaky two, oiled", "kg", 200, 1100, 3.20),
    Ware("Dunmarrow Fibres", "polyester yarn, white", "kg", 500, 2400, 2.95),
    Ware("Dunmarrow Fibres", "polyester yarn, spun-dyed black", "kg", 300, 1800, 3.30),
    Ware("Keelby Dyes", "colour, gannet", "l", 25, 200, 14.20),
    Ware("Keelby Dyes", "colour, deep water", "l", 25, 150, 14.20),
    Ware("Keelby Dyes", "colour, slate", "l", 25, 150, 14.20),
    Ware("Keelby Dyes", "marker yellow", "l", 20, 90, 19.60),
    Ware("Keelby Dyes", "fixing agent", "l", 50, 300, 3.75),
    Ware("Keelby Dyes", "Green Eleven rot-proofing", "l", 100, 400, 6.40),
    Ware("Tollen Packaging", "carton, coil small", "100", 2, 12, 68.00),
    Ware("Tollen Packaging", "carton, coil large", "100", 1, 8, 124.00),
    Ware("Tollen Packaging", "flange 450 mm", "pair", 20, 90, 7.80),
    Ware("Tollen Packaging", "flange 600 mm, ribbed", "pair", 10, 60, 15.60),
    Ware("Tollen Packaging", "waxed wrapping", "roll", 2, 15, 37.50),
    Ware("Orrin Steel Wire", "rope wire 1.2 mm, galvanised", "kg", 400, 2200, 1.92),
    Ware("Orrin Steel Wire", "rope wire 0.8 mm, bright", "kg", 200, 1500, 2.18),
    Ware("Orrin Steel Wire", "stainless wire 0.6 mm", "kg", 60, 400, 6.85),
    Ware("Vasse Timber Reels", "drum, beech, 900 mm", "piece", 4, 30, 41.00),
    Ware("Vasse Timber Reels", "drum, pine, 1,200 mm", "piece", 2, 14, 68.50),
    Ware("Cawdry Oils", "Stockholm tar, pale", "l", 100, 600, 4.35),
    Ware("Cawdry Oils", "spindle oil, light", "l", 20, 120, 5.10),
    Ware("Cawdry Oils", "wire dressing, wax based", "kg", 25, 180, 7.90),
    Ware("Brennock Haulage", "carriage, full load to the ferry port", "trip", 1, 3, 620.00),
    Ware("Brennock Haulage", "carriage, part load inland", "trip", 1, 5, 245.00),
    Ware("Brennock Haulage", "return of empty bobbins", "trip", 1, 2, 180.00),
    Ware("Lyle and Tarn Tools", "fids, hickory, set of five", "set", 2, 12, 54.00),
    Ware("Lyle and Tarn Tools", "splicing knife, sheathed", "piece", 5, 30, 23.50),
    Ware("Lyle and Tarn Tools", "press dies for ferrules", "pair", 1, 6, 138.00),
    Ware("Quay Press", "labels, leaflets and order pads", "1,000", 1, 12, 64.00),
    Ware("Sabline Gloves", "gloves, leather, wire splicing", "pair", 24, 120, 11.40),
    Ware("Sabline Gloves", "gloves, long, chemical", "pair", 12, 60, 18.90),
    Ware("Penn and Ivory", "paper, ink, tallies and chalk", "lot", 1, 2, 196.00),
    Ware("Oldacre Elm", "elm and ash planks for blocks", "m3", 1, 3, 940.00),
]

MONTHLY = [
    Ware("Copperhill Power", "electricity, main meter", "MWh", 38, 74, 182.00),
    Ware("Harrowick Water", "water and waste water", "m3", 210, 560, 4.95),
    Ware("Bridge Street Bakery", "rolls for the night shift", "dozen", 40, 75, 4.20),
    Ware("Moorhouse Laundry", "overalls, washed and mended", "piece", 150, 320, 2.35),
]

CASTINGS = [
    ("2024-02-08", "thimbles, gunmetal, 24 mm", 120, 6.15),
    ("2024-03-19", "shackles, bow, 3 tonnes", 60, 14.80),
    ("2024-05-29", "bronze pins for blocks", 40, 9.35),
    ("2024-08-06", "thimbles, gunmetal, 64 mm", 48, 38.20),
    ("2024-09-25", "sheave bushes, turned", 36, 12.60),
    ("2024-11-21", "swivels, forged eye", 24, 27.90),
]

ONCE = [
    ("2024-03-11", "Stemming Laboratory", "three roof samples, examined", 1, "lot", 410.00),
    ("2024-04-16", "Marrack Builders", "floor strengthened, well covered", 1, "lot", 2140.00),
    ("2024-05-16", "Vellmark Maschinen", "braiding machine, 32 carriers, nine tenths", 1, "piece", 187200.00),
    ("2024-05-24", "Imberly Doors", "steel door with magnet, fitted", 1, "piece", 3480.00),
    ("2024-06-25", "Corran Roofing", "roof renewed, skylight strip", 1, "lot", 41700.00),
    ("2024-07-30", "Vellmark Maschinen", "second set of bobbins", 1, "set", 3150.00),
    ("2024-08-16", "Fernhollow Cleaning", "yearly work in the shutdown week", 1, "lot", 1150.00),
    ("2024-10-22", "Marrack Builders", "cobbles relaid, twenty metres", 1, "lot", 5260.00),
    ("2024-11-12", "Osterwick Fair", "stand space, first half", 1, "lot", 2480.00),
]

REMARKS = [
    "discount taken",
    "see delivery note",
    "order by telephone",
    "price agreed with J.P.",
    "carriage included",
    "part delivery, rest to follow",
    "signed for by the night guard",
    "came on a Friday",
    "second copy asked for",
    "credit of last month set off",
]
YARN_REMARKS = [
    "weighed on arrival",
    "two pallets, hoist shut",
    "bobbins counted, all here",
    "tickets complete",
    "for the ferry order",
    "for stage work",
    "for the nets",
    "moisture 10 per cent",
    "split between two stores",
]
SHORT = {
    "Orrin Steel Wire": [
        "{0} kg short on our scale",
        "ticket says {0} kg more than the coil",
        "billed twice",
    ],
    "Vasse Timber Reels": ["{0} drums fewer than billed", "{0} drums with a split flange", "billed twice"],
}
CLERKS = ["I. Marchbank", "W. Strodd", "J. Penhallam", "H. Gissing"]


def ledger() -> list[list[str]]:
    """Return the year's rows in order of date, numbered HR24-0001 onward."""
    draw = random.Random(1887)

    def pick(values: Sequence[T]) -> T:
        return values[int(draw.random() * len(values))]  # random() alone is stable between Python versions

    rows: list[tuple[date, str, str, float, str, float, str]] = []
    for month in range(1, 13):
        first = date(2024, month, 1)
        rows.append((first, "Grenfold Estates", "rent, Customs Quay", 1, "month", 6950.00, ""))
        rows.append((first, "Cordula Ashgrove", "rent, Mill Lane", 1, "month", 1280.00, ""))
        rows.append((first + timedelta(26), "Fernhollow Cleaning", "cleaning", 1, "month", 2310.00, ""))
        hours = 350 + int(draw.random() * 40)
        rows.append((first + timedelta(27), "Wardlight Security", "gatehouse", hours, "hour", 27.40, ""))
        rows.append((first + timedelta(27), "Wardlight Security", "nightly check", 1, "month", 210.00, ""))
        for ware in MONTHLY:
            quantity = ware.low + int(draw.random() * (ware.high - ware.low + 1))
            rows.append(
                (first + timedelta(25), ware.supplier, ware.item, quantity, ware.unit, ware.price, "")
            )
        if month % 3 == 1:
            rows.append((first, "Aldernook Lifts", "maintenance, in advance", 1, "quarter", 1485.00, ""))
        if month in (3, 9):
            rows.append((first, "Guild of Cordwainers", "rent, loft, half year", 1, "half", 1800.00, ""))
    for day, item, quantity, price in CASTINGS:
        rows.append((date.fromisoformat(day), "Pintle Castings", item, quantity, "piece", price, ""))
    for day, supplier, item, quantity, unit, price in ONCE:
        rows.append((date.fromisoformat(day), supplier, item, quantity, unit, price, ""))
    while len(rows) < ROWS:
        day_drawn = date(2024, 1, 2) + timedelta(int(draw.random() * 363))
        if day_drawn.weekday() > 4:
            continue
        ware = pick(WARES)
        quantity = ware.low + int(draw.random() * (ware.high - ware.low + 1))
        remark = pick(YARN_REMARKS if ware.supplier.startswith("Dunmarrow") else REMARKS)
        if draw.random() < 0.55:
            remark = ""
        rows.append((day_drawn, ware.supplier, ware.item, quantity, ware.unit, ware.price, remark))
    rows.sort(key=lambda row: (row[0], row[1], row[2]))

    lines = []
    for number, (day_booked, supplier, item, bought, unit, price, remark) in enumerate(rows, start=1):
        status = "paid" if day_booked < date(2024, 11, 20) or draw.random() < 0.3 else "open"
        spring = date(2024, 2, 1) < day_booked < date(2024, 7, 1)
        if supplier in SHORT and spring and draw.random() < 0.4:
            status = "disputed"
            remark = pick(SHORT[supplier]).format(2 + int(draw.random() * min(bought, 30) / 2))
        amount = f"{bought * price:.2f}"
        line = [f"HR24-{number:04d}", day_booked.isoformat(), supplier, item, str(bought), unit]
        lines.append([*line, f"{price:.2f}", amount, status, pick(CLERKS), remark])
    return lines


def write(folder: Path) -> None:
    """Write one CSV file per quarter into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ledger()
    for quarter in range(1, 5):
        months = {f"2024-{month:02d}" for month in range(3 * quarter - 2, 3 * quarter + 1)}
        with (folder / f"purchase-ledger-2024-q{quarter}.csv").open(
            "w", newline="", encoding="utf-8"
        ) as file:
            file.write(HEADER + "\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows(line for line in lines if line[1][:7] in months)


if __name__ == "__main__":
    write(FOLDER)
