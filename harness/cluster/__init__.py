"""Many machines: a Ray cluster answers, and this process keeps, judges and reports.

`work` decides who gets what, `worker` is what runs on the nodes, `driver` moves between them,
`advance` hands over what coming items will ask, `engine` is how an item sees all of it.
"""
