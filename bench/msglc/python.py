"""python python.py TASK ENDPOINT RECORDS: what client.ts does, by msglc and s3fs with their own defaults.

Prints a line of JSON: what it took, and what the server counted.
"""

import json
import resource
import sys
import time
import urllib.request

import s3fs
from msglc.reader import LazyReader
from msglc.writer import LazyWriter

BUCKET = "bench"
POOL = 2**20
VALUES = 100
SLICE = 100
WARM_UP_RECORDS = 64


def letters():
    state = 1
    made = bytearray(POOL)
    for at in range(POOL):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        made[at] = 97 + (state >> 16) % 26
    return bytes(made)


pool_bytes = letters()
pool = pool_bytes.decode()


def record(number):
    start = (number * 7919) % (POOL - 32768)
    second = 1700000000 + number
    return {
        "id": number,
        "name": f"record {number}",
        "text": pool[start : start + 20000],
        "samples": [number + n + 0.5 for n in range(512)],
        "blob": pool_bytes[start : start + 32768],
        "events": [
            {"at": second + n, "kind": "reading", "note": pool[start + n : start + n + 200]} for n in range(20)
        ],
    }


class Records(list):
    """Made as they are asked for."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return map(record, range(self.count))


def whole(value):
    return value.to_obj() if hasattr(value, "to_obj") else value


def write(key, count):
    with LazyWriter(f"{BUCKET}/{key}", fs=fs) as writer:
        writer.write({"title": "measurements", "records": Records(count)})
    fs.invalidate_cache()
    return fs.info(f"{BUCKET}/{key}")["size"]


def value(key, count):
    with LazyReader(f"{BUCKET}/{key}", fs=fs) as reader:
        return len(reader.read(["records", count >> 1, "text"]))


def values(key, count):
    with LazyReader(f"{BUCKET}/{key}", fs=fs) as reader:
        places = [(n * 7919 + 13) % count for n in range(VALUES)]
        return sum(len(reader.read(["records", place, "text"])) for place in places)


def some(key, count):
    start = count >> 2
    with LazyReader(f"{BUCKET}/{key}", fs=fs) as reader:
        found = reader.read(["records", slice(start, start + SLICE)])
        return sum(len(whole(each)["blob"]) for each in found)


def everything(key, count):
    with LazyReader(f"{BUCKET}/{key}", fs=fs) as reader:
        return sum(len(each["blob"]) for each in reader.to_obj()["records"])


def counts():
    with urllib.request.urlopen(f"{endpoint}/counts") as answer:
        return json.load(answer)


task, endpoint, count = sys.argv[1:]
fs = s3fs.S3FileSystem(
    key="key", secret="secret", client_kwargs={"endpoint_url": endpoint, "region_name": "us-east-1"}
)
work = {"write": write, "value": value, "values": values, "slice": some, "everything": everything}[task]
if task != "write":
    write("warm-python", WARM_UP_RECORDS)
for _ in range(3):
    work("warm-python", WARM_UP_RECORDS)

before = counts()
cpu_before = time.process_time()
began = time.perf_counter()
seen = work("python", int(count))
seconds = time.perf_counter() - began
cpu_seconds = time.process_time() - cpu_before
after = counts()
fs.invalidate_cache()
measured = {
    "seconds": seconds,
    "cpuSeconds": cpu_seconds,
    "requests": after["requests"] - before["requests"],
    "bytes": after["bytes"] - before["bytes"],
    "seen": seen,
    "fileBytes": fs.info(f"{BUCKET}/python")["size"],
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}
print(json.dumps(measured))
