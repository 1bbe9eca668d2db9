"""What suites and methods of the bench are, in a few words each."""

SUITES = {
    "needle": "one fact in a long text",
    "multi": "three facts at once",
    "documents": "one fact in many files",
    "count": "how many lines are of a kind",
    "table": "how many of each kind",
    "pairs": "who has something in common",
}
METHODS = {
    "direct": "reads what fits the window",
    "retrieval": "reads the best passages",
    "compaction": "reads on and keeps notes",
    "rlm": "recursive, depth 1",
    "rlm-0": "recursive, depth 0",
    "rlm-2": "recursive, depth 2",
}
