"""Luigi reads what Sluice wrote under sluice/, and writes the same under luigi/, on the server named in the environment.

FOLDERS=no leaves out what asks whether a folder is there.
"""

import hashlib
import os
import sys
import tempfile

import luigi
from botocore.config import Config
from luigi import format as formats
from luigi.contrib.s3 import S3Client, S3FlagTarget, S3Target
from luigi.target import FileAlreadyExists

root = "s3://" + os.environ["BUCKET"]
client = S3Client(
    os.environ["AWS_ACCESS_KEY_ID"],
    os.environ["AWS_SECRET_ACCESS_KEY"],
    endpoint_url=os.environ["ENDPOINT"],
    region_name=os.environ["AWS_REGION"],
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
)
lines = ["one\n", "Größe 😀\n", "x" * 200_000 + "\n", "last"]
large = bytes((i * 31 + (i >> 8)) & 0xFF for i in range(17 * 1024 * 1024))


def target(name, format=None):
    return S3Target(root + name, format=format, client=client)


def same(found, wanted):
    assert found == wanted, (str(found)[:500], str(wanted)[:500])


# What Sluice wrote
for name, format in (("text", formats.UTF8), ("text.gz", formats.UTF8 >> formats.Gzip), ("members.gz", formats.UTF8 >> formats.Gzip)):
    with target("/sluice/" + name, format).open("r") as file:
        same(file.read(), "".join(lines))
with target("/sluice/text", formats.UTF8).open("r") as file:
    same(list(file), lines)
same(hashlib.sha256(client.get_as_bytes(root + "/sluice/large")).hexdigest(), hashlib.sha256(large).hexdigest())
same(client.get_as_string(root + "/sluice/latin", "latin-1"), "Fø\x80")
same(S3FlagTarget(root + "/sluice/out/", client=client).exists(), True)
same(client.get_key(root + "/sluice/kept").get()["ContentType"], "text/csv")

# The same, written by Luigi
for name, format in (("text", formats.UTF8), ("text.gz", formats.UTF8 >> formats.Gzip)):
    with target("/luigi/" + name, format).open("w") as file:
        for line in lines:
            file.write(line)
with tempfile.NamedTemporaryFile() as file:
    file.write(large)
    file.flush()
    client.put_multipart(file.name, root + "/luigi/large", ContentType="text/csv")
client.put_string("Fø\x80".encode("latin-1"), root + "/luigi/latin")
client.put_string("", root + "/luigi/out/_SUCCESS")

if os.environ["FOLDERS"] == "no":
    sys.exit()

# Folders, and what asks for them
# Without their slash: Luigi adds one of its own, and MinIO refuses two.
for name in ("", "/marked", "/tree/a"):
    same(client.isdir(root + "/sluice" + name), True)
same(client.isdir(root + "/sluice/text"), False)
same(client.exists(root + "/sluice/none"), False)
same(list(client.list(root + "/sluice/tree")), ["a/1", "a/2", "b"])
same(client.copy(root + "/sluice/tree", root + "/luigi/tree"), (3, 6))
client.mkdir(root + "/luigi/marked")
try:
    client.rename_dont_move(root + "/luigi/text", root + "/luigi/latin")
    raise AssertionError("moved onto what was there")
except FileAlreadyExists:
    pass


# A task's output is the same output, whoever made it.
class Report(luigi.Task):
    name = luigi.Parameter()
    runs = []

    def output(self):
        return target(self.name, formats.UTF8)

    def run(self):
        Report.runs.append(self.name)
        with self.output().open("w") as file:
            file.write("date,metric,value\n")


same(luigi.build([Report("/sluice/report.csv"), Report("/luigi/report.csv")], local_scheduler=True, log_level="ERROR"), True)
same(Report.runs, ["/luigi/report.csv"])
