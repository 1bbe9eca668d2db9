"""Asking: `service` between form and engine, `estimate.estimate` says what a question will cost, `page.form` is the form."""
