"""What an agent said and did, as entries in bounded memory."""
