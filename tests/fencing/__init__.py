"""The slow proof of decision 0025, its own make target: see `__main__`."""
