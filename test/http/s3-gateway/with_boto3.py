"""What boto3 does with its settings as they come, against the gateway named in the environment."""

import io
import os
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

bucket = os.environ["BUCKET"]
s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["ENDPOINT"],
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
)


def code_of(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HostId"], error.response
        return error.response["Error"]["Code"]
    raise AssertionError("it was answered with a success")


# Objects
key = "boto3/a b+c ü&%😀"
etag = s3.put_object(Bucket=bucket, Key=key, Body=b"hello", ContentType="text/x", Metadata={"a": "1"})["ETag"]
head = s3.head_object(Bucket=bucket, Key=key)
assert (head["ETag"], head["ContentLength"], head["ContentType"]) == (etag, 5, "text/x"), head
assert head["Metadata"] == {"a": "1"} and "ContentEncoding" not in head, head
assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"hello"
assert s3.get_object(Bucket=bucket, Key=key, Range="bytes=-2")["Body"].read() == b"lo"
assert code_of(s3.get_object, Key="absent") == "NoSuchKey"
assert code_of(s3.put_object, Key=key, Body=b"x", IfNoneMatch="*") == "PreconditionFailed"
assert code_of(s3.get_object, Key=key, Range="bytes=9-") == "InvalidRange"
for algorithm in ("CRC32", "SHA1", "SHA256"):
    s3.put_object(Bucket=bucket, Key="boto3/sum", Body=b"hello", ChecksumAlgorithm=algorithm)
s3.copy_object(Bucket=bucket, Key="boto3/copy", CopySource={"Bucket": bucket, "Key": key})
assert s3.head_object(Bucket=bucket, Key="boto3/copy")["Metadata"] == {"a": "1"}

# Files, in parts
data = os.urandom(17 * 1024 * 1024 + 1)
config = TransferConfig(multipart_threshold=6 * 1024 * 1024, multipart_chunksize=6 * 1024 * 1024)
s3.upload_fileobj(io.BytesIO(data), bucket, "boto3/large", Config=config)
back = io.BytesIO()
s3.download_fileobj(bucket, "boto3/large", back, Config=config)
assert back.getvalue() == data
s3.copy({"Bucket": bucket, "Key": "boto3/large"}, bucket, "boto3/large copy", Config=config)
assert s3.get_object(Bucket=bucket, Key="boto3/large copy")["Body"].read() == data
upload = s3.create_multipart_upload(Bucket=bucket, Key="boto3/open")["UploadId"]
open_uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix="boto3/")["Uploads"]
assert [each["UploadId"] for each in open_uploads] == [upload], open_uploads
s3.abort_multipart_upload(Bucket=bucket, Key="boto3/open", UploadId=upload)

# Buckets and listings
assert bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]
s3.create_bucket(Bucket="boto3-made")
s3.put_object(Bucket="boto3-made", Key="a", Body=b"")
try:
    s3.delete_bucket(Bucket="boto3-made")
    raise AssertionError("a bucket that is not empty was deleted")
except ClientError as error:
    assert error.response["Error"]["Code"] == "BucketNotEmpty", error.response
s3.delete_object(Bucket="boto3-made", Key="a")
s3.delete_bucket(Bucket="boto3-made")
assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == os.environ["AWS_REGION"]
assert code_of(s3.get_bucket_cors) == "NotImplemented"
assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
pages = s3.get_paginator("list_objects_v2").paginate(
    Bucket=bucket, Prefix="boto3/", PaginationConfig={"PageSize": 2}
)
listed = [each["Key"] for page in pages for each in page.get("Contents", [])]
assert listed == [key, "boto3/copy", "boto3/large", "boto3/large copy", "boto3/sum"], listed
pages = s3.get_paginator("list_objects").paginate(
    Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}
)
assert {"Prefix": "boto3/"} in [each for page in pages for each in page.get("CommonPrefixes", [])]

# Presigned
arguments = {"Bucket": bucket, "Key": "boto3/presigned"}
url = s3.generate_presigned_url("put_object", Params=arguments, ExpiresIn=60)
urllib.request.urlopen(urllib.request.Request(url, data=b"by URL", method="PUT"))
url = s3.generate_presigned_url("get_object", Params=arguments, ExpiresIn=60)
assert urllib.request.urlopen(url).read() == b"by URL"

# Deletions
names = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="boto3/")["Contents"]]
done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in names]})
assert [each["Key"] for each in done["Deleted"]] == names, done
assert s3.list_objects_v2(Bucket=bucket, Prefix="boto3/")["KeyCount"] == 0
s3.delete_object(Bucket=bucket, Key="boto3/absent")
