"""What a cell left behind, laid out for the page: tables that it showed, variables that it changed."""
