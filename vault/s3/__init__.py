"""One object of an S3 bucket: its address, its calls, the probe of its conditions, and the policy that they need."""
