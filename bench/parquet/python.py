"""python python.py SCHEMA ROWS ROUNDS: pyarrow's way from rows to the bytes of a file.

SCHEMA is JSON as in src/contracts/schema.ts, ROWS newline-delimited JSON with times as milliseconds. Prints a line of JSON for
each codec: the seconds of each round, and the size of the file. Reading the rows is not timed.
"""

import datetime
import json
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

SIMPLE = {
    "boolean": pa.bool_(),
    "int32": pa.int32(),
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("ms", tz="UTC"),
}


def arrow_type(kind):
    if isinstance(kind, str):
        return SIMPLE[kind]
    if kind["kind"] == "struct":
        return pa.struct([arrow_field(field) for field in kind["fields"]])
    if kind["kind"] == "list":
        return pa.list_(arrow_field({"name": "element", **kind["element"]}))
    return pa.map_(arrow_type(kind["key"]), arrow_field({"name": "value", **kind["value"]}))


def arrow_field(field):
    return pa.field(field["name"], arrow_type(field["type"]), nullable=field["nullable"])


def value_of(kind, value):
    """The value as a Python program has it."""
    if value is None:
        return None
    if kind == "timestamp":
        return EPOCH + datetime.timedelta(milliseconds=value)
    if isinstance(kind, dict) and kind["kind"] == "map":
        return list(value.items())
    return value


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

schema_path, rows_path, rounds = sys.argv[1:]
with open(schema_path) as file:
    fields = json.load(file)["fields"]
with open(rows_path) as file:
    rows = []
    for line in file:
        row = json.loads(line)
        for field in fields:
            row[field["name"]] = value_of(field["type"], row[field["name"]])
        rows.append(row)
schema = pa.schema([arrow_field(field) for field in fields])

for codec in ("snappy", "none", "zstd", "gzip"):
    seconds = []
    for _ in range(int(rounds)):
        sink = pa.BufferOutputStream()
        began = time.perf_counter()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression=codec)
        seconds.append(time.perf_counter() - began)
        size = sink.getvalue().size
    print(json.dumps({"codec": codec, "seconds": seconds, "fileBytes": size}), flush=True)
