"""Planners: functions of an Inventory that say what would happen. They touch no network.

`rules.toml` holds what the documents say and `rules` reads it; `move` reads what is asked for, `paths` finds
the adapters of a service, `checks` says what stands in the way, and `migration` makes the plan. A new check
is one more generator in `checks`.
"""
