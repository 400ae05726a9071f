"""The clients of the control services: HTTP and SSE, with their wire models; `reef` reads those of its relative."""
