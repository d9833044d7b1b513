"""A Ray cluster of two nodes on this machine, one core each; run as a program.

It prints its address; loses its second node at the line "lose" and gets another at "add"; ends with
its input. A process of its own, for Ray reads its environment once.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
sys.stdout.write(f"{cluster.address}\n")
sys.stdout.flush()
for line in sys.stdin:
    if line.strip() == "lose":
        cluster.remove_node(second, allow_graceful=False)
    else:
        second = cluster.add_node(num_cpus=1)
    sys.stdout.write("done\n")
    sys.stdout.flush()
cluster.shutdown()
