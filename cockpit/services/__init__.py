"""Board, feed and registry: HTTP and SSE clients with their wire models."""
