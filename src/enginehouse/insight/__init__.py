"""What the panel shows without any intervention: variation between sites, its stability, and the room to improve.

Nothing here knows a country, a topic or a trial; it needs a panel and, for some tables, a register of sites.
"""
