"""Writes streams of Arrow in two batches each: python make-table.py types.arrows newer-types.arrows.

The first has a column of every type that apache-arrow and flechette know, and the second of those that flechette alone does.
"""

import decimal
import sys

import pyarrow as pa

D = decimal.Decimal
LONG = D("12345678901234567890123456789012345678901234567890.0123456789")
WORDS = pa.array(["tea", "milk", "é", "tea"], pa.string())


def coded(index, words=WORDS, ordered=False):
    indices = pa.array([0, 2, None, 0], index)
    return pa.DictionaryArray.from_arrays(indices, words, ordered=ordered)


def cast(values, via, type):
    return pa.array(values, via).cast(type)


COUNTS = [1, -(2**40), None, 0]
ENTRIES = [[("a", 1), ("b", None)], [], None, [("c", 3)]]
TEXTS = ["a", "longer than twelve bytes é", None, ""]
DATA = [b"\x01", b"longer than twelve bytes", None, b""]

COLUMNS = {
    "nothing": pa.nulls(4),
    "decimal32": pa.array([D("12.50"), D("-0.01"), None, D("0.00")], pa.decimal32(7, 2)),
    "decimal64": pa.array([D("123456789012.345"), D("-0.001"), None, D("0")], pa.decimal64(15, 3)),
    "decimal128": pa.array([D("99999999999999999999999999999.999999999"), D("-1.5"), None, D("0")], pa.decimal128(38, 9)),
    "decimal128_int": pa.array([D("12.50"), D("-0.01"), None, D("0")], pa.decimal128(7, 2)),
    "decimal128_whole": pa.array([D("7"), D("-9"), None, D("0")], pa.decimal128(1, 0)),
    "date32": cast([19000, -1, None, 0], pa.int32(), pa.date32()),
    "date64": cast([19000 * 86400000, -86400000, None, 0], pa.int64(), pa.date64()),
    "time_s": cast([1, 86399, None, 0], pa.int32(), pa.time32("s")),
    "time_ms": cast([1, 86399999, None, 0], pa.int32(), pa.time32("ms")),
    "time_us": cast([1, 86399999999, None, 0], pa.int64(), pa.time64("us")),
    "time_ns": cast([1, 86399999999999, None, 0], pa.int64(), pa.time64("ns")),
    "timestamp_s": cast([1, -1, None, 0], pa.int64(), pa.timestamp("s")),
    "timestamp_ms": cast([1, -1, None, 0], pa.int64(), pa.timestamp("ms")),
    "timestamp_us": cast([1700000000000001, -1, None, 0], pa.int64(), pa.timestamp("us")),
    "timestamp_ns": cast([1700000000000000001, -1, None, 0], pa.int64(), pa.timestamp("ns")),
    "timestamp_zone": cast([1700000000000001, -1, None, 0], pa.int64(), pa.timestamp("us", "Europe/Zurich")),
    "timestamp_offset": cast([1700000000000000001, -1, None, 0], pa.int64(), pa.timestamp("ns", "+02:00")),
    **{f"duration_{unit}": cast(COUNTS, pa.int64(), pa.duration(unit)) for unit in ("s", "ms", "us", "ns")},
    "map": pa.array(ENTRIES, pa.map_(pa.string(), pa.int32())),
    "map_sorted": pa.array([[(1, 2)], [], None, [(3, 4)]], pa.map_(pa.int64(), pa.duration("ms"), keys_sorted=True)),
    "list": pa.array([[1, None], [], None, [2]], pa.list_(pa.int32())),
    "list_fixed": pa.array([[1, None], [2, 3], None, [4, 5]], pa.list_(pa.int32(), 2)),
    "list_large": pa.array([["a", None], [], None, ["b"]], pa.large_list(pa.large_string())),
    "text_large": pa.array(TEXTS, pa.large_string()),
    "text_view": pa.array(TEXTS, pa.string_view()),
    "bytes_large": pa.array(DATA, pa.large_binary()),
    "bytes_view": pa.array(DATA, pa.binary_view()),
    "bytes_fixed": pa.array([b"abc", b"\x00\x01\x02", None, b"xyz"], pa.binary(3)),
    "uuid": pa.array([bytes(range(16)), bytes(16), None, b"\xff" * 16], pa.uuid()),
    "coded": coded(pa.int8()),
    "coded_ordered": coded(pa.int16(), ordered=True),
    "coded_large": coded(pa.uint32(), WORDS.cast(pa.large_string())),
    "coded_numbers": coded(pa.int32(), pa.array([2**40, 5, -1, 2**40], pa.int64())),
    "half": pa.array([1.5, -0.0, None, 6e-8], pa.float16()),
    "boolean": pa.array([True, False, None, True]),
    "nested": pa.array(
        [{"a": 1, "b": [{"c": D("1.25"), "d": "x"}]}, {"a": None, "b": []}, None, {"a": 3, "b": None}],
        pa.struct(
            [
                ("a", pa.duration("s")),
                (
                    "b",
                    pa.list_(
                        pa.struct([("c", pa.decimal128(9, 2)), ("d", pa.dictionary(pa.int32(), pa.string()))])
                    ),
                ),
            ]
        ),
    ),
    "required": pa.array([1, 2, 3, 4], pa.uint8()),
    # Behind all others, since DuckDB has no such column.
    "decimal256": pa.array([LONG, LONG.copy_negate(), None, D("0")], pa.decimal256(60, 10)),
}

NEWER = {
    "list_view": pa.array([[1, None], [], None, [2]], pa.list_view(pa.int32())),
    "list_large_view": pa.array([[1, None], [], None, [2]], pa.large_list_view(pa.int32())),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 4], pa.int32()), pa.array(["a", None, "b"])),
}

for path, columns in zip(sys.argv[1:], (COLUMNS, NEWER)):
    fields = [pa.field(name, column.type, nullable=name != "required") for name, column in columns.items()]
    schema = pa.schema(fields, metadata={"origin": "make-table.py"})
    with pa.ipc.new_stream(path, schema) as stream:
        stream.write_table(pa.table(list(columns.values()), schema=schema), max_chunksize=3)
