"""What happened, in one SQLite file: an append-only event log with projections, and the folder of each corpus.

store.py     the facade                     collections.py  what a person sees of corpora
reader.py    read-only connections          trials.py       results of the bench
rows.py      stored rows as plain values    verification.py  is the record what was written
owner.py     which process a run belongs to delete.py       the one exception to append-only
location.py  where the data folder is
log/         the hash chain, and the tables, words and compact events derived from it
database/    opening, migrations, the one writing thread, large values by sha256
"""

from engine.store.location import data_folder
from engine.store.store import Store

__all__ = ["Store", "data_folder"]
