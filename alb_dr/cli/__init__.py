"""THE FRONT DOOR: the only package that knows it is a command line.

The contract of this floor: it may import everything, but adapters only inside functions, so that
``--help`` stays light; it is the only place that exits.
"""
