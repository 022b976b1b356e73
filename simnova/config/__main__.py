"""`python -m simnova.config` prints the reference of all options, which `docs/reference/config.md`
holds.
"""

from simnova.config.reference import reference

if __name__ == "__main__":
    print(reference(), end="")
