"""A run as Python: the cell that makes it again, written from the cloud's recipe and its recorded inputs.

Each call that is written has been tried: on a twin of the cloud it asks for just what the record says, and the engine
stands where it stood when the next one came. So the text can be believed, and whatever has no call says so.
"""

from simnova.cloud.code.cell import Code as Code
from simnova.cloud.code.cell import code as code
