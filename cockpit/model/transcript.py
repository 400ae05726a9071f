"""An agent's transcript: a bounded ring of entries whose keys stay valid when old ones drop."""
