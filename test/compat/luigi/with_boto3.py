"""boto3 and pyarrow read what Sluice wrote under sluice/, and write the same under boto3/, on the server named in the environment."""

import gzip
import hashlib
import io
import os
from datetime import datetime, timezone

import boto3
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from pyarrow import fs

bucket = os.environ["BUCKET"]
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["ENDPOINT"],
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
)
arrow = fs.S3FileSystem(
    access_key=os.environ["AWS_ACCESS_KEY_ID"],
    secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    region=os.environ["AWS_REGION"],
    endpoint_override=os.environ["ENDPOINT"],
)
lines = ["one\n", "Größe 😀\n", "x" * 200_000 + "\n", "last"]
large = bytes((i * 31 + (i >> 8)) & 0xFF for i in range(17 * 1024 * 1024))
table = pa.table(
    {
        "n": pa.array(range(1000), pa.int64()),
        "text": [f"Größe {n}" if n % 3 else None for n in range(1000)],
        "at": pa.array([datetime(2026, 11, 21, 0, 0, n % 60, tzinfo=timezone.utc) for n in range(1000)], pa.timestamp("ms", "UTC")),
    }
)


def body(key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def same(found, wanted):
    assert found == wanted, (str(found)[:500], str(wanted)[:500])


# What Sluice wrote: boto3
same(body("sluice/text").decode(), "".join(lines))
for name in ("text.gz", "members.gz"):
    same(gzip.decompress(body("sluice/" + name)).decode(), "".join(lines))
downloaded = io.BytesIO()
s3.download_fileobj(bucket, "sluice/large", downloaded)
same(hashlib.sha256(downloaded.getvalue()).digest(), hashlib.sha256(large).digest())
head = s3.head_object(Bucket=bucket, Key="sluice/kept")
same((head["ContentType"], head["CacheControl"], head["Metadata"]["maker"]), ("text/csv", "no-cache", "sluice"))
listed = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="sluice/tree/", PaginationConfig={"PageSize": 2})
same([one["Key"] for page in listed for one in page["Contents"]], ["sluice/tree/" + name for name in ("a/1", "a/2", "b")])

# What Sluice wrote: pyarrow
same(pq.read_table(f"{bucket}/sluice/table.parquet", filesystem=arrow).select(table.column_names).to_pylist(), table.to_pylist())
with arrow.open_input_stream(f"{bucket}/sluice/text.gz", compression="gzip") as file:
    same(file.read().decode(), "".join(lines))
with arrow.open_input_file(f"{bucket}/sluice/large") as file:
    file.seek(16 * 1024 * 1024)
    same(file.read(), large[16 * 1024 * 1024 :])
same(arrow.get_file_info(f"{bucket}/sluice/text").size, len("".join(lines).encode()))

# The same, written by boto3
s3.put_object(Bucket=bucket, Key="boto3/text", Body="".join(lines).encode())
s3.put_object(Bucket=bucket, Key="boto3/text.gz", Body=b"".join(gzip.compress(line.encode()) for line in lines))
s3.upload_fileobj(
    io.BytesIO(large),
    bucket,
    "boto3/large",
    ExtraArgs={"ContentType": "text/csv", "CacheControl": "no-cache", "Metadata": {"maker": "boto3"}},
    Config=TransferConfig(multipart_threshold=8 * 1024 * 1024, multipart_chunksize=8 * 1024 * 1024),
)
for name in ("a/1", "a/2", "b"):
    s3.put_object(Bucket=bucket, Key="boto3/tree/" + name, Body=b"ab")
s3.put_object(Bucket=bucket, Key="boto3/marked_$folder$", Body=b"")

# The same, written by pyarrow
pq.write_table(table, f"{bucket}/boto3/table.parquet", filesystem=arrow, row_group_size=300)
pacsv.write_csv(table.select(["n", "text"]), arrow.open_output_stream(f"{bucket}/boto3/table.csv.gz", compression="gzip"))
