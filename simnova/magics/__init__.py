"""The magics of `%load_ext simnova`: a cloud from a cell's first line, for IPython and Jupyter."""
