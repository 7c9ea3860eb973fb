// Lists buckets with the second JavaScript SDK.
const AWS = require("aws-sdk");
const s3 = new AWS.S3({ endpoint: process.argv[2], s3ForcePathStyle: true, maxRetries: 0, region: "us-east-1" });
s3.listBuckets((error) => { if (error) { console.error(String(error)); process.exitCode = 1; } });
