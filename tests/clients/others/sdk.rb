# Lists buckets with the Ruby SDK.
require "aws-sdk-s3"
Aws::S3::Client.new(endpoint: ARGV[0], force_path_style: true, retry_limit: 0, region: "us-east-1").list_buckets
