"""pyarrow and boto3 read what replicas wrote under sluice/, and write files of their own under python/, on the server named in the environment."""

import io
import os
from datetime import datetime, timezone

import boto3
import pyarrow as pa
from botocore.config import Config
from pyarrow import csv, json, parquet

bucket = os.environ["BUCKET"]
client = boto3.client(
    "s3",
    endpoint_url=os.environ["ENDPOINT"],
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
)
NUMBERS = 3000


def same(found, wanted):
    assert found == wanted, (str(found)[:500], str(wanted)[:500])


def files(prefix):
    return {entry["Key"]: client.get_object(Bucket=bucket, Key=entry["Key"]) for entry in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])}


def table(prefix, content_type, read):
    found = files(prefix)
    same([key.rsplit(".", 1)[1] for key in found], [prefix.rsplit("/", 1)[1]] * 2)
    same([answer["ContentType"] for answer in found.values()], [content_type] * 2)
    tables = [read(io.BytesIO(answer["Body"].read())) for answer in found.values()]
    rows = sorted((row for each in tables for row in each.to_pylist()), key=lambda row: row["id"])
    same([row["id"] for row in rows], list(range(NUMBERS)))
    return rows


rows = table("sluice/parquet", "application/vnd.apache.parquet", parquet.read_table)
same(rows[7]["at"], datetime(2026, 11, 21, 0, 0, 7, tzinfo=timezone.utc))
same(rows[7]["word"], "Größe 7")
same(rows[8]["even"], True)
rows = table("sluice/csv", "text/csv; charset=utf-8", csv.read_csv)
same(rows[7]["word"], "Größe 7")
same(rows[7]["code"], "x007")
rows = table("sluice/jsonl", "application/x-ndjson", json.read_json)
same(rows[7]["word"], "Größe 7")
# What is undefined is not written: a replica that got odd numbers alone has no such column
same(rows[7].get("even"), None)
same(rows[8]["even"], True)

# The same, the other way round
written = pa.table({"id": [1, 2, 3], "word": ["one", "Größe", None]})
file = io.BytesIO()
parquet.write_table(written, file)
client.put_object(Bucket=bucket, Key="python/table.parquet", Body=file.getvalue())
file = io.BytesIO()
csv.write_csv(written, file)
client.put_object(Bucket=bucket, Key="python/table.csv", Body=file.getvalue())
client.put_object(Bucket=bucket, Key="python/table.jsonl", Body='{"id": 1, "word": "one"}\n{"id": 2, "word": "Größe"}\n{"id": 3, "word": null}\n'.encode())

# A bucket that manage() made and set up
info = client.get_bucket_location(Bucket=os.environ["MANAGED"])
same(info["LocationConstraint"] or "us-east-1", os.environ["AWS_REGION"])
if os.environ["RULES"] == "true":
    rules = client.get_bucket_lifecycle_configuration(Bucket=os.environ["MANAGED"])["Rules"]
    same([rule["AbortIncompleteMultipartUpload"] for rule in rules], [{"DaysAfterInitiation": 7}])
