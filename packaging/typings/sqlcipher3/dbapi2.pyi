from sqlite3.dbapi2 import *
from sqlite3.dbapi2 import Blob as Blob
from sqlite3.dbapi2 import Connection as Connection
from sqlite3.dbapi2 import Cursor as Cursor
from sqlite3.dbapi2 import Row as Row
