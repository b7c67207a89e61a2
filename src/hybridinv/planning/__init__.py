"""Planners: functions of an Inventory that say what would happen. They touch no network.

`rules.toml` holds what the documents say, `rules` reads it, `paths` finds the adapters a service uses, `checks` says
what stands in the way, `migration` makes the plan. A new check is one more generator in `checks`.
"""
