"""What jobs cost: prices with their date and source, estimates before anything is sent, and caps."""

from qtoolkit.backends.money.cost import CostEstimate, check_max_cost, estimate_cost

__all__ = ["CostEstimate", "check_max_cost", "estimate_cost"]
