"""`python -m simnova.nova.scheduler` prints the reference of filters and weighers in `docs/reference/filters.md`."""

from simnova.nova.scheduler.reference import reference

if __name__ == "__main__":
    print(reference(), end="")
