"""What the services keep beside board and feed, a tab each: skills, registry, log, journal, reports, ledger."""
