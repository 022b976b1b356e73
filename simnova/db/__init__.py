"""The databases: SQLAlchemy Core over SQLite, one database for each of Nova's, all named in one
SELECT.

`Databases` holds the connections, `Database` is one schema and the door through which services use
it, and `Transaction` is what a work does in it. The tables are Nova's, in `api_schema` and
`cell_schema`.
"""

from simnova.db.database import Database
from simnova.db.databases import Databases
from simnova.db.exception import DBDuplicateEntry, DBError, DBNotAllowed, DBReferenceError
from simnova.db.transaction import Transaction

__all__ = [
    "DBDuplicateEntry",
    "DBError",
    "DBNotAllowed",
    "DBReferenceError",
    "Database",
    "Databases",
    "Transaction",
]
