# sqlcipher3 is sqlite3 compiled against SQLCipher: the same DB-API, the same classes in use.
from sqlite3 import *
from sqlite3 import Blob as Blob
from sqlite3 import Connection as Connection
from sqlite3 import Cursor as Cursor
from sqlite3 import Row as Row
