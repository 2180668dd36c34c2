"""Tells what pyarrow and polars read of a Parquet file that was made of a stream of Arrow: python compare.py types.arrows file.parquet.

Beside it they read what pyarrow's own writer makes of the same table. One line of JSON: by column, the type in pyarrow, the one of
pyarrow's own file, and whether the values are equal to pyarrow, and to polars.
"""

import io
import json
import sys

import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

with pa.ipc.open_stream(sys.argv[1]) as stream:
    table = stream.read_all()


def plain(column):
    """What both take: runs become what they stand for, and views of lists lists."""
    type = column.type
    if pa.types.is_run_end_encoded(type):
        return pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks])
    if pa.types.is_list_view(type):
        return pa.array(column.to_pylist(), pa.list_(type.value_type))
    if pa.types.is_large_list_view(type):
        return pa.array(column.to_pylist(), pa.large_list(type.value_type))
    return column


def by_polars(file, name):
    # It has no more digits.
    if pa.types.is_decimal256(table.schema.field(name).type):
        return None
    return polars.read_parquet(file, columns=[name])[name].to_list()


table = pa.table([plain(column) for column in table.columns], names=table.column_names)
own = io.BytesIO()
pq.write_table(table, own)
theirs = pq.read_table(own)
ours = pq.read_table(sys.argv[2])
told = {"": {key.decode(): value.decode() for key, value in (ours.schema.metadata or {}).items()}}
for name in table.column_names:
    one, other = ours[name], theirs[name]
    told[name] = [
        str(one.type),
        str(other.type),
        one.equals(other) if one.type == other.type else one.to_pylist() == other.to_pylist(),
        by_polars(sys.argv[2], name) == by_polars(own.getvalue(), name),
    ]
print(json.dumps(told))
