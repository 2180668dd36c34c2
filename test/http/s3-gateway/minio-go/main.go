// What minio-go does over plain http, where it signs each chunk of a body: against the gateway named in the environment.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	bucket := os.Getenv("BUCKET")
	ctx := context.Background()
	for _, trailing := range []bool{false, true} {
		client, err := minio.New(strings.TrimPrefix(os.Getenv("ENDPOINT"), "http://"), &minio.Options{
			Creds:           credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
			Region:          os.Getenv("AWS_REGION"),
			BucketLookup:    minio.BucketLookupPath,
			TrailingHeaders: trailing,
		})
		check(err)
		for _, size := range []int{0, 1, 64 * 1024, 200_001, 17*1024*1024 + 1} {
			data := make([]byte, size)
			_, err = rand.Read(data)
			check(err)
			options := minio.PutObjectOptions{PartSize: 6 * 1024 * 1024}
			if trailing {
				options.Checksum = minio.ChecksumCRC32C
				// In parts it would announce a checksum of the whole, which nobody here can check.
				options.DisableMultipart = true
			}
			_, err = client.PutObject(ctx, bucket, "minio-go/é b", bytes.NewReader(data), int64(size), options)
			check(err)
			object, err := client.GetObject(ctx, bucket, "minio-go/é b", minio.GetObjectOptions{})
			check(err)
			back, err := io.ReadAll(object)
			check(err)
			if !bytes.Equal(data, back) {
				log.Fatalf("%d bytes came back as others (trailing: %v)", size, trailing)
			}
		}
	}
}
