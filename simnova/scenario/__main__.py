"""`python -m simnova.scenario` prints the reference of scenarios in `docs/reference/scenario.md`."""

from simnova.scenario.reference import reference

if __name__ == "__main__":
    print(reference(), end="")
