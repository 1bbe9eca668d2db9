"""Questions with known answers over generated text: the suites, and the words and labels they are made of."""
