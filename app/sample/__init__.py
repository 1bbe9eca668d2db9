"""The sample corpus: a fictional company's files, questions with known answers, and their generators."""
