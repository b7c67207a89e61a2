"""Charts (Altair) of an inventory and of measurements, for notebooks and reports.

Each function gives an Altair chart of data that are already there; nothing is read. What a chart shows is counted or
averaged before it is handed to Altair and is never more than some thousand rows; a chart that cannot show all says in
its subtitle what is left out. They need `hybridinv[report]`.
"""

from hybridinv.charts.estate import agents, capacity, extension_versions, link_speeds, snapshot_age
from hybridinv.charts.measurements import samples

__all__ = ["agents", "capacity", "extension_versions", "link_speeds", "samples", "snapshot_age"]
