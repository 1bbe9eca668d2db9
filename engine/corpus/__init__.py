"""Documents in, text with exact locations out. What is imported here is light enough for a sandboxed worker.

`engine.documents.ingest` makes a corpus from files; `Corpus` reads it; `citations` and `coverage` check answers.
"""

from engine.corpus.corpus import Corpus
from engine.corpus.document import Document, Hit, Hits, Piece
from engine.corpus.references import reference, resolve, whole

__all__ = ["Corpus", "Document", "Hit", "Hits", "Piece", "reference", "resolve", "whole"]
