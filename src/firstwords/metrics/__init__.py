"""Figures, their intervals and their tests; NumPy only, so that training and evaluation both use them."""
