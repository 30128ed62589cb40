"""The scheduling database: SQLAlchemy 2 models, transactions, queries and claims.

PostgreSQL and SQLite are served by one code path. Constraints in the database hold the rules that
must not bend; the rest of the program cannot break them by mistake.
"""
