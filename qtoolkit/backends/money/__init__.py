"""What jobs cost: prices with their date and source, estimates before anything is sent, and caps."""

from qtoolkit.backends.money.cost import CostEstimate, check_max_cost, estimate_cost, total_cost
from qtoolkit.backends.money.prices import Price, PriceTable, price_table

__all__ = ["CostEstimate", "check_max_cost", "estimate_cost", "total_cost", "Price", "PriceTable", "price_table"]
