"""The guard rails G1 to G17: what must hold before a drill may begin."""
