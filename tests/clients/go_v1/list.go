// Lists buckets with the first Go SDK, as programs do that were never changed for credential_process.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3"
)

func main() {
	client := s3.New(session.Must(session.NewSession(&aws.Config{
		Endpoint: aws.String(os.Args[1]), Region: aws.String("us-east-1"), MaxRetries: aws.Int(0),
		S3ForcePathStyle: aws.Bool(true),
	})))
	if _, err := client.ListBuckets(&s3.ListBucketsInput{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
