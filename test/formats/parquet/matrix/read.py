"""Reads Parquet files named on standard input, one JSON line each, and answers with their cells as JSON.

python read.py pyarrow|polars. A line is {"path": ..., "types": [...]}, with the types of src/contracts/schema.ts;
an answer is {"rows": [...]} or {"error": ...}. What a cell is, is said in cells.ts.
"""

import json
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def by_pyarrow(path):
    return pq.read_table(path, page_checksum_verification=True)


def by_polars(path):
    import polars

    return polars.read_parquet(path, glob=False, hive_partitioning=False).to_arrow()


def bits(value):
    value = float(value)
    return "NaN" if value != value else struct.pack(">d", value).hex()


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def units(scalar, unit):
    """A time in the unit that the column declares; a reader may hold it in a finer one."""
    value = scalar.value
    held = PER_SECOND[scalar.type.unit]
    wanted = PER_SECOND[unit]
    if value * wanted % held:
        raise ValueError(f"{value} of {scalar.type} is no whole number of {unit}")
    return str(value * wanted // held)


def cell(kind, scalar):
    if not scalar.is_valid:
        return None
    if isinstance(kind, str):
        if kind == "boolean":
            return scalar.as_py()
        if kind in ("float16", "float32", "double"):
            return bits(scalar.as_py())
        if kind in ("string", "enum", "json"):
            return text(scalar.as_py())
        if kind == "bytes":
            return scalar.as_py().hex()
        if kind == "uuid":
            value = scalar.as_py()
            return value.hex() if isinstance(value, bytes) else value.hex
        if kind == "date":
            return str(scalar.value)
        if kind == "timestamp":
            return units(scalar, "ms")
        if kind == "variant":
            # Neither reader decodes one: that it is there is all that they can tell.
            return "variant"
        return str(scalar.as_py())
    name = kind["kind"]
    if name == "bytes":
        return scalar.as_py().hex()
    if name == "decimal":
        if scalar.type.scale != kind["scale"]:
            raise ValueError(f"{scalar.type} has another scale")
        return str(int(scalar.as_py().scaleb(kind["scale"], CONTEXT)))
    if name in ("time", "timestamp"):
        return units(scalar, kind["unit"])
    if name == "list":
        return [cell(kind["element"]["type"], item) for item in scalar.values]
    if name == "map":
        entries = scalar.values
        keys, values = entries.field(0), entries.field(1)
        # Sorted where it is compared: here by JSON, whose texts differ between languages.
        return [
            [cell(kind["key"], keys[n]), cell(kind["value"]["type"], values[n])]
            for n in range(len(entries))
        ]
    return [cell(field["type"], scalar[field["name"]]) for field in kind["fields"]]


def decimal_context():
    import decimal

    return decimal.Context(prec=76)


CONTEXT = decimal_context()
read = {"pyarrow": by_pyarrow, "polars": by_polars}[sys.argv[1]]

for line in sys.stdin:
    asked = json.loads(line)
    try:
        table = read(asked["path"])
        columns = [
            [cell(kind, scalar) for scalar in table.column(n)]
            for n, kind in enumerate(asked["types"])
        ]
        answer = {"rows": [list(row) for row in zip(*columns)]}
    # A panic of polars is no `Exception`.
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
