// Calls AWS every half second until argv[2] seconds are over, by the SDK's default way to credentials.
// Prints one line of JSON: how many calls, which access keys signed them, and who the first and the last was.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const client = new STSClient({});
const ends = Date.now() + 1000 * Number(process.argv[2]);
const keys = new Set();
const arns = [];
while (Date.now() < ends) {
  arns.push((await client.send(new GetCallerIdentityCommand({}))).Arn);
  keys.add((await client.config.credentials()).accessKeyId);
  await new Promise((resolve) => setTimeout(resolve, 500));
}
process.stdout.write(JSON.stringify({ calls: arns.length, keys: [...keys], first: arns[0], last: arns.at(-1) }) + "\n");
