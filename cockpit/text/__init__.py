"""The only door for foreign text: what agents and machines write becomes safe to show here."""
