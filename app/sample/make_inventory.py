"""Write documents/stores/inventory.json, the stock list at the end of 2024, the same bytes every time.

One item a line, so that a line tells all about an item. Run as `python -m app.sample.make_inventory`.
"""

import json
import random
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).parent / "documents" / "stores" / "inventory.json"


class Family(NamedTuple):
    """Items that differ only in size and finish; `low` and `high` bound what is usually on hand, in `unit`."""

    code: str
    name: str
    sizes: tuple[str, ...]
    finishes: tuple[str, ...]
    unit: str
    low: int
    high: int
    place: str


FAMILIES = [
    Family("H3", "hemp rope, three-strand", ("8", "10", "12", "16", "20", "24", "32"), ("natural", "bleached"),
           "m", 120, 2400, "Rope Store North"),
    Family("H4", "hemp rope, four-strand with heart", ("18", "24", "36"), ("natural",),
           "m", 40, 600, "Rope Store North"),
    Family("M3", "manila rope, three-strand", ("10", "14", "18", "24", "32", "40"), ("oiled",),
           "m", 100, 1800, "Rope Store North"),
    Family("P3", "polyester rope, three-strand", ("6", "8", "10", "12", "14", "16", "20", "24"),
           ("white", "black", "gannet"), "m", 200, 5200, "Rope Store South"),
    Family("P8", "polyester mooring line, eight-strand", ("32", "40", "48", "56", "64"), ("white", "slate"),
           "m", 60, 880, "Customs Quay"),
    Family("B16", "braided cord, 16 carriers", ("2", "3", "4", "5", "6", "8"),
           ("black", "slate", "storm", "marker yellow"), "m", 300, 7500, "Rope Store South"),
    Family("B32", "braided line, 32 carriers", ("10", "11", "12", "13", "14", "16"),
           ("cornflower", "black", "marker yellow"), "m", 250, 4200, "Rope Store South"),
    Family("ST", "stage line, hemp look", ("14", "16", "20"), ("black", "natural"),
           "m", 150, 2600, "Despatch Hall"),
    Family("W6", "wire rope, 6 by 19", ("6", "8", "10", "12", "16", "20", "24"), ("galvanised", "bright"),
           "m", 80, 1900, "Reel Yard"),
    Family("W7", "wire rope, 7 by 7, stainless", ("2", "3", "4", "5", "6"), ("plain",),
           "m", 100, 1500, "Rigging Hall"),
    Family("SL", "wire sling, two soft eyes", ("1 t", "2 t", "3 t", "5 t"), ("1 m", "2 m", "4 m"),
           "piece", 4, 60, "Rigging Hall"),
    Family("CN", "climbing net panel, mesh 200 mm", ("2 by 2 m", "3 by 2 m", "4 by 3 m"),
           ("deep water", "gannet", "sloe"), "piece", 1, 22, "Net Loft"),
    Family("NS", "nest swing", ("90 cm", "120 cm"), ("deep water", "evening"), "piece", 2, 30, "Net Loft"),
    Family("CG", "cargo net, knotted", ("2 by 3 m", "3 by 5 m"), ("natural", "black"), "piece", 1, 18, "Net Loft"),
    Family("TH", "thimble, galvanised", ("8", "10", "12", "16", "20", "24"), ("open", "closed"),
           "piece", 40, 900, "Rigging Hall"),
    Family("SH", "shackle", ("0.5 t", "1 t", "2 t", "3 t", "5 t"), ("bow", "straight"),
           "piece", 15, 320, "Rigging Hall"),
    Family("BL", "block, ash shell", ("60", "80", "100", "120"), ("single", "double"),
           "piece", 3, 45, "Rigging Hall"),
    Family("DY", "colour in drums", ("25 l", "50 l"), ("harbour", "slate", "gannet", "deep water", "ink", "storm"),
           "drum", 1, 9, "Dye House"),
    Family("YN", "yarn on bobbins, hemp", ("16", "20", "25"), ("long line",), "kg", 300, 5200, "Yarn Store"),
    Family("YP", "yarn on bobbins, polyester", ("1100", "2200"), ("white", "black"), "kg", 400, 7000, "Yarn Store"),
    Family("PK", "carton", ("hank", "coil small", "coil large", "long tube"), ("plain", "printed"),
           "piece", 150, 2400, "Despatch Hall"),
    Family("DR", "drum for rope", ("600 mm", "900 mm", "1,200 mm"), ("beech", "pine"), "piece", 3, 70, "Reel Yard"),
    Family("LD", "rope ladder, ash rungs", ("3 m", "5 m", "8 m", "12 m"), ("oiled",), "piece", 1, 16, "Net Loft"),
    Family("SK", "splicing kit in window carton", ("small", "large"), ("beginners", "sailors"),
           "piece", 20, 260, "Mill Lane Cellar"),
    Family("DL", "dog lead, spliced", ("8", "10", "12"), ("natural", "cornflower", "marker yellow"),
           "piece", 12, 180, "Mill Lane Cellar"),
    Family("HM", "hammock", ("single", "double"), ("natural", "sloe"), "piece", 3, 48, "Mill Lane Cellar"),
]  # fmt: skip

# Everything that smells of tar lives apart from the rest.
TARRED = [
    ("T-01", "marline, two-strand, tarred", "hank", 640, 300, "hang it, never stack it"),
    ("T-02", "houseline, three-strand, tarred", "hank", 210, 120, "left-handed lay, look before you sell"),
    ("T-03", "spunyarn, tarred", "ball", 380, 200, "moved to the back row in October"),
    ("T-04", "ratline stuff, 9 mm, tarred", "m", 1450, 600, "for the museum ships"),
    ("T-05", "seizing twine, tarred, fine", "spool", 95, 60, "fine one on the upper shelf"),
    ("T-06", "seizing twine, tarred, coarse", "spool", 71, 60, "coarse one below it, do not mix"),
    ("T-07", "tarred hemp rope, 16 mm", "m", 820, 400, "two coils, one opened"),
    ("T-08", "tarred hemp rope, 20 mm", "m", 505, 400, "last coil of the old kettle"),
    ("T-09", "tarred hemp rope, 28 mm", "m", 260, 200, "promised to a schooner until March"),
    ("T-10", "shroud rope, 32 mm, tarred, four-strand", "m", 180, 100, "weighs more than the ticket says"),
    ("T-11", "baggywrinkle, ready made", "m", 44, 20, "made by the second year, very hairy"),
    ("T-12", "pale tar in cans, five litres", "can", 62, 40, "lids to be hammered shut"),
    ("T-13", "oakum, tarred, in bales", "bale", 17, 10, "no smoking within ten paces"),
    ("T-14", "net twine, tarred, for eel fishers", "kg", 38, 25, "one customer, aged ninety"),
    ("T-15", "fender covers, tarred cordage", "piece", 26, 12, "left over from the pilot boats"),
    ("T-16", "doormats, tarred coir", "piece", 9, 15, "below minimum, ask the loft to make some"),
    ("T-17", "grease bucket ropes, tarred eye", "piece", 31, 20, "nobody knows who orders these"),
]

NOTES = [
    "end of reel, check length before cutting",
    "ticket rewritten, old one illegible",
    "second choice, slight change of shade",
    "reserved in part for Mossgate",
    "reserved in part for Anvary",
    "sells in summer",
    "slow, offer it to the shop",
    "count differs from last year, counted again",
    "new lot on the left, old lot on the right",
    "certificate in the folder",
    "wrapped against light",
    "upper shelf, use the ladder",
    "on the pallet by the door",
    "goes with the blocks, keep together",
    "sample for the fair taken from here",
    "to be re-spooled in January",
    "the cat has slept on it, brush before sale",
    "counted by two, as the auditor wishes",
]
COUNTERS = ["Hal Gissing", "Adaeze Colm", "Ferrin Oake", "Jolanta Vey", "Absalom Tarr"]


def items() -> list[dict[str, object]]:
    """Return the stock list in the order of the shelves."""
    draw = random.Random(304)
    listed: list[dict[str, object]] = []
    for family in FAMILIES:
        for number, size in enumerate(family.sizes, start=1):
            for letter, finish in zip("abcdef", family.finishes, strict=False):
                usual = family.low + int(draw.random() * (family.high - family.low))
                minimum = max(1, int(usual * (0.2 + 0.5 * draw.random())))
                item: dict[str, object] = {
                    "code": f"{family.code}-{number:02d}{letter}",
                    "item": family.name,
                    "size": f"{size} mm" if size.isdigit() and family.code not in ("YN", "YP") else size,
                    "finish": finish,
                    "on hand": int(usual * (0.5 + draw.random())),
                    "minimum": minimum,
                    "unit": family.unit,
                    "place": family.place,
                    "row": 1 + int(draw.random() * 28),
                    "counted": f"2024-12-{int(27 + 4 * draw.random())}",
                    "by": COUNTERS[int(draw.random() * len(COUNTERS))],
                }
                if draw.random() < 0.3:
                    item["note"] = NOTES[int(draw.random() * len(NOTES))]
                listed.append(item)
    for code, name, unit, on_hand, minimum, note in TARRED:
        listed.append(
            {"code": code, "item": name, "on hand": on_hand, "minimum": minimum, "unit": unit}
            | {"place": "Tar House", "counted": "2024-12-30", "by": "Hal Gissing", "note": note}
        )
    return listed


def write(target: Path) -> None:
    """Write the list to `target` as one JSON object with an item a line."""
    target.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "company": "Hessindale Ropeworks Limited",
        "list": "stock at the end of 2024",
        "checked": "Hal Gissing",
    }
    lines = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items())
    target.write_text(json.dumps(head)[:-1] + ', "items": [\n' + lines + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    write(TARGET)
