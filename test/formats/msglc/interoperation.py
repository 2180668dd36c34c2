"""Writes seeded values with the msglc package, and reads what Sluice wrote. Values travel as JSON, each with its type."""

import io
import json
import os
import random

from msglc.codec import CBORCodec
from msglc.config import configure
from msglc.reader import LazyReader
from msglc.writer import LazyWriter

# Not 0, as in the other direction: configure() takes it for "unchanged", without an error.
THRESHOLDS = [(8192, 20), (2, 2), (1, 1), (5, 1), (20, 20), (64, 20), (512, 100), (4096, 20)]
INTEGERS = [0, 1, -1, 23, 24, 127, 128, -32, -33, -128, -129, 255, 256, 65535, 65536, -32769]
INTEGERS += [2**32 - 1, 2**32, 2**53 - 1, 2**53, -(2**31), -(2**31) - 1, 2**63, -(2**63), 2**64 - 1]
FLOATS = [1.5, -0.0, 1e300, 0.1, float("inf"), float("-inf")]


def value(some, depth=0):
    kind = some.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return some.choice(INTEGERS)
    if kind == 1:
        return "".join(some.choice("abcé漢😀") for _ in range(some.choice([0, 1, 15, 31, 32, 40, 300])))
    if kind == 2:
        return some.choice(FLOATS)
    if kind == 3:
        return some.choice([None, True, False])
    if kind == 4:
        return some.randbytes(some.choice([0, 1, 18, 30, 255, 256]))
    if kind == 5:
        return some.randrange(100)
    if kind == 6:
        return [value(some, depth + 1) for _ in range(some.choice([0, 1, 3, 10, 16]))]
    if kind == 7:
        return [some.randrange(300) for _ in range(some.choice([0, 1, 15, 16, 100, 500]))]
    return {f"{some.choice('abcd')}{i}": value(some, depth + 1) for i in range(some.choice([0, 1, 3, 16]))}


def described(given):
    if given is None or isinstance(given, (bool, str)):
        return given
    if isinstance(given, int):
        return {"i": str(given)}
    if isinstance(given, float):
        return {"f": repr(given)}
    if isinstance(given, bytes):
        return {"b": given.hex()}
    if isinstance(given, (list, tuple)):
        return [described(item) for item in given]
    return {"m": [[key, described(item)] for key, item in given.items()]}


def write(path, count, seed):
    some = random.Random(seed)
    with open(path, "w") as out:
        for index in range(count):
            small, trivial = THRESHOLDS[index % len(THRESHOLDS)]
            configure(small_obj_optimization_threshold=small, trivial_size=trivial)
            codec = some.choice(["msgpack", "cbor"])
            options = {"packer": CBORCodec()} if codec == "cbor" else {}
            given = value(some)
            buffer = io.BytesIO()
            with LazyWriter(buffer, **options) as writer:
                writer.write(given)
            case = dict(small=small, trivial=trivial, codec=codec, value=described(given), hex=buffer.getvalue().hex())
            out.write(json.dumps(case) + "\n")


def read(path):
    with open(path) as files, open(f"{path}.read", "w") as out:
        for line in files:
            with LazyReader(io.BytesIO(bytes.fromhex(line.strip()))) as reader:
                out.write(json.dumps(described(reader.to_obj())) + "\n")


def store(count):
    import s3fs

    fs = s3fs.S3FileSystem(client_kwargs={"endpoint_url": os.environ["ENDPOINT"]})
    bucket = os.environ["BUCKET"]
    with LazyWriter(f"{bucket}/from-python", fs=fs) as writer:
        writer.write({"hello": "world", "rows": [f"row {i}" * 1500 for i in range(count)]})
    with LazyReader(f"{bucket}/from-sluice", fs=fs) as reader:
        print(json.dumps([reader.read("hello"), reader.read(["rows", count - 1]), len(reader.read("rows"))]))


def archives():
    """Adds a file of each codec to each archive, or begins it with them, and tells what it held before and holds then."""
    import s3fs
    from msglc import FileInfo, append, combine

    fs = s3fs.S3FileSystem(client_kwargs={"endpoint_url": os.environ["ENDPOINT"]})
    bucket = os.environ["BUCKET"]
    packers = {"msgpack": {}, "cbor": {"packer": CBORCodec()}}
    for codec, packer in packers.items():
        with LazyWriter(f"{bucket}/piece-{codec}", fs=fs, **packer) as writer:
            writer.write({"by": "Python", "codec": codec})
    found = []
    for archive in json.loads(os.environ["ARCHIVES"]):
        path = f"{bucket}/{archive['key']}"
        before = whole(fs, path) if fs.exists(path) else None
        names = archive["names"] or [None for _ in packers]
        files = [FileInfo(f"{bucket}/piece-{codec}", name, fs=fs) for codec, name in zip(packers, names)]
        (append if before else combine)(path, files, fs=fs, **packers[archive["codec"]])
        found.append([before, whole(fs, path)])
    print(json.dumps(found))


def whole(fs, path):
    with LazyReader(path, fs=fs) as reader:
        return inside(reader)


def inside(read):
    """With the values of embedded files in their places."""
    given = read.to_obj() if hasattr(read, "to_obj") else read
    if isinstance(given, list):
        return [inside(item) for item in given]
    return {key: inside(item) for key, item in given.items()} if isinstance(given, dict) else given


def arrays():
    import numpy

    kinds = ["?", "i1", "u1", "<i2", ">i2", "u2", "i4", ">u4", "i8", "u8", "f2", ">f2", "f4", "f8", ">f8"]
    kinds += ["c16", "U3", "M8[s]", "O", [("a", "i4")]]
    numbers = numpy.arange(-30, 30)
    with open(os.environ["FILE"], "w") as out:
        for kind in kinds:
            for shape in [(60,), (3, 20), (5, 3, 4), (0,), (2, 0), ()]:
                given = (numbers[:1].reshape(()) if shape == () else numpy.resize(numbers, shape)).astype(kind)
                for order in "CF":
                    configure(numpy_encoder=True, small_obj_optimization_threshold=1, trivial_size=1)
                    buffer = io.BytesIO()
                    with LazyWriter(buffer) as writer:
                        writer.write({"array": numpy.array(given, order=order), "other": 1})
                    plain = given.dtype.kind in "?biuf"
                    case = dict(kind=str(given.dtype), plain=plain, hex=buffer.getvalue().hex())
                    if plain:
                        case["shape"] = shape
                        case["items"] = [described(item) for item in given.ravel().tolist()]
                    out.write(json.dumps(case) + "\n")


if os.environ["STEP"] == "write":
    write(os.environ["FILE"], int(os.environ["COUNT"]), int(os.environ["SEED"]))
elif os.environ["STEP"] == "read":
    read(os.environ["FILE"])
elif os.environ["STEP"] == "archives":
    archives()
elif os.environ["STEP"] == "arrays":
    arrays()
else:
    store(int(os.environ["COUNT"]))
