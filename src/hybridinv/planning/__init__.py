"""Planners: functions of an Inventory that say what would happen. They touch no network.

What the documents say is data: `rules.toml` (which service carries what; `rules` reads it), `checks/faults.toml` (what
may stand in the way; `checks.faults` makes findings of it), `maintenance/maintenance.toml`. `index` looks records up,
`move` reads what is asked for, `paths` finds a service's adapters, `amounts` how much moves. `checks` are sorted by
subject and run all together. `migration`, `matrix` and `maintenance` make the answers. A new check is an entry of the
catalogue and one generator.
"""
