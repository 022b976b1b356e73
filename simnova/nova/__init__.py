"""The system under study, in Nova's own tree: api, compute, conductor, scheduler, virt, objects."""
