"""Write small compound files ([MS-CFB]), as Outlook does for messages: enough of the format to be read by others."""

from __future__ import annotations

import struct

SECTOR, MINI = 512, 64
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(tree: dict[str, object]) -> bytes:
    """The bytes of a file with these storages (dicts) and streams (bytes, all shorter than 4,096)."""
    entries: list[list] = [["Root Entry", 5, FREE, FREE, END, 0]]  # name, type, right, child, start, size
    mini, mini_fat = bytearray(), []

    def add(parent: int, items: dict[str, object]) -> None:
        previous = None
        for name, value in items.items():
            number = len(entries)
            if isinstance(value, dict):
                entries.append([name, 1, FREE, FREE, 0, 0])
                add(number, value)
            else:
                assert len(value) < 4096
                count = -(-len(value) // MINI)
                first = len(mini_fat)
                entries.append([name, 2, FREE, FREE, first if count else END, len(value)])
                mini_fat.extend([*range(first + 1, first + count), END] if count else [])
                mini.extend(value + bytes(-len(value) % MINI))
            if previous is None:
                entries[parent][3] = number
            else:
                entries[previous][2] = number
            previous = number

    add(0, tree)
    blocks: list[bytes] = []
    fat: list[int] = []

    def place(data: bytes) -> int:
        data += bytes(-len(data) % SECTOR)
        first, count = len(blocks), len(data) // SECTOR
        blocks.extend(data[at : at + SECTOR] for at in range(0, len(data), SECTOR))
        fat.extend([*range(first + 1, first + count), END] if count else [])
        return first if count else END

    entries[0][4], entries[0][5] = place(bytes(mini)), len(mini)
    mini_fat += [FREE] * (-len(mini_fat) % 128)
    mini_start = place(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    directory = bytearray()
    for name, kind, right, child, start, size in entries:
        encoded = name.encode("utf-16-le")
        directory += encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        directory += struct.pack("<III", FREE, right, child) + bytes(36) + struct.pack("<IQ", start, size)
    directory += (bytes(68) + struct.pack("<III", FREE, FREE, FREE) + bytes(48)) * (-len(entries) % 4)
    directory_start = place(bytes(directory))
    sectors = 1
    while (len(blocks) + sectors) > sectors * 128:
        sectors += 1
    first = len(blocks)
    fat += [FAT] * sectors
    fat += [FREE] * (sectors * 128 - len(fat))
    blocks.append(struct.pack(f"<{len(fat)}I", *fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIII", 0, sectors, directory_start, 0, 4096)
    header += struct.pack("<IIII", mini_start, len(mini_fat) // 128, END, 0)
    header += struct.pack("<109I", *[*range(first, first + sectors), *[FREE] * (109 - sectors)])
    return header + b"".join(blocks)


def properties(head: int, **values: int) -> bytes:
    """A stream of properties of fixed size: `p0039=ticks` ..., after so many bytes of head."""
    rows = [
        struct.pack("<HHIQ", 0x40 if value > 0xFFFFFFFF else 3, int(tag[1:], 16), 6, value)
        for tag, value in values.items()
    ]
    return bytes(head) + b"".join(rows)
