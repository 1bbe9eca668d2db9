"""PDF files to text: characters, reading order, hyphens, form fields and scans. `document.parse_pdf` is the door."""
