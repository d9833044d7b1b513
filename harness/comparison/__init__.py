"""Two sets of graded samples held against each other, sample by sample. Asks no model."""
