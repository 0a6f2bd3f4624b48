"""``python -m alb_dr``."""

from alb_dr.cli.main import main

main()
