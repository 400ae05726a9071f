"""What the operator wrote and chose, to be found again: drafts, sent texts, templates, values of forms."""
