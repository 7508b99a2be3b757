"""Roll-ups: what may be told of a month in counts and sums, decided once when the month is published.

facts (who counts where, under which label) -> cube (their counts and sums, at every level) -> hidden (which cells are
withheld) -> cells in the store. The graph reads the cells; it never counts persons when it is asked.

1. A cell is a division and a label (a category, a benefit, a kind of finding; `''`: all of them) of one family in one
   month, under one demand: the row scope of an agreement and the fewest persons it may show. Agreements of equal scope
   and minimum share their cells.
2. A cell of fewer persons is withheld, and one whose sum is mostly one person's. What could betray it is withheld too
   (hidden.py), for every answer that these cells can give together, not for one answer at a time.
3. A month's cells are a pure function of the month's tables and the demand; publishing it again replaces them, in the
   transaction that publishes.
"""

from hub.rollup.demand import Demand

__all__ = ["Demand"]
