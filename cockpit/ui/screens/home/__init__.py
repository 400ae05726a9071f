"""The home screen, one room per purpose: what stands where, what is selected, what is taken in, what is answered."""
