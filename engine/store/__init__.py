"""What happened, in one SQLite file: an append-only event log with projections, and the folder of each corpus.

store.py        the facade                       location.py   where the data folder is
writer.py       one thread, group commit         reader.py     read-only connections
log.py          what a write transaction does    owner.py      which process a run belongs to
events.py       the hash chain                   projections.py  tables derived from events
blobs.py        large values by sha256           delete.py     the one exception to append-only
database.py     opening, backup, failures        migrations.py   the shape of the tables
collections.py  what a person sees of corpora    search.py       the words of runs
trace.py        compact events
"""

from engine.store.location import data_folder
from engine.store.store import Store

__all__ = ["Store", "data_folder"]
