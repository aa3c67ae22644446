"""What grading and the explorers cost, measured in one run on one machine."""
