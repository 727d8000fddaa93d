"""Where training and data work run: devices, ranks, worker pools."""
