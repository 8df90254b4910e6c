"""What is measured, against what, and how: `make bench` runs every figure, `make bench FIGURES="item-put"` a choice."""
