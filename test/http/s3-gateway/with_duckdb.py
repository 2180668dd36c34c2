"""Reads a Parquet file of ours through the gateway, and writes one that the test reads back."""

import os
from importlib.util import find_spec

import duckdb

address = f"s3://{os.environ['BUCKET']}/duckdb"
# Where the package duckdb-ext-httpfs puts it: nothing is downloaded.
extensions = os.path.join(find_spec("duckdb_ext").submodule_search_locations[0], "extensions")
with duckdb.connect(config={"extension_directory": extensions}) as connection:
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("LOAD httpfs")
    connection.execute(
        f"""
        CREATE SECRET (
            TYPE s3, URL_STYLE path, USE_SSL false, REGION '{os.environ["AWS_REGION"]}',
            KEY_ID '{os.environ["AWS_ACCESS_KEY_ID"]}', SECRET '{os.environ["AWS_SECRET_ACCESS_KEY"]}',
            ENDPOINT '{os.environ["ENDPOINT"].removeprefix("http://")}'
        )
        """
    )
    count = int(os.environ["ROWS"])
    found = connection.execute(
        f"SELECT count(*), sum(id), min(name), max(name) FROM '{address}/in/rows.parquet'"
    ).fetchone()
    assert found == (count, count * (count - 1) // 2, "name 0", "name 9"), found
    late = connection.execute(
        f"SELECT name FROM '{address}/in/rows.parquet' WHERE id = {count - 1}"
    ).fetchall()
    assert late == [(f"name {(count - 1) % 10}",)], late
    assert connection.execute(f"SELECT count(*) FROM '{address}/in/*.parquet'").fetchone() == (count,)
    connection.execute(
        f"COPY (FROM '{address}/in/rows.parquet' WHERE id % 2 = 0) TO '{address}/out/even rows.parquet'"
    )
    connection.execute(f"COPY (SELECT range AS n, hash(range) AS h FROM range(2000000)) TO '{address}/out/large.csv'")
    lines = connection.execute(f"SELECT count(*) FROM '{address}/out/large.csv'").fetchone()
    assert lines == (2000000,), lines
