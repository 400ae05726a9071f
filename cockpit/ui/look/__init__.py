"""Colours, cells and rows: how states and figures are drawn."""
