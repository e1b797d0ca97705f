"""Which primitive computes each layer, and in which layout: from measured costs to a plan. docs/planner.md"""
