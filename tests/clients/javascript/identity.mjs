// Prints who the SDK is under the profile of each argument, as the CLI's get-caller-identity does, one line each.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromIni } from "@aws-sdk/credential-providers";

for (const profile of process.argv.slice(2)) {
  const client = new STSClient({ profile, credentials: fromIni({ profile }) });
  const { Account, Arn, UserId } = await client.send(new GetCallerIdentityCommand({}));
  process.stdout.write(JSON.stringify({ Account, Arn, UserId }) + "\n");
}
