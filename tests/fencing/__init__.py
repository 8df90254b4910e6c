"""The slow proof of decision 0022, its own make target: see `__main__`."""
