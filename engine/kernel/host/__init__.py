"""Workers as the app sees them: made, asked, measured, distrusted, ended."""
