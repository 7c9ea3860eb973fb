// Prints who the SDK is under the profile of each argument, as the CLI's get-caller-identity does, one line each.
// Whatever the SDK warns of goes to stderr.

import software.amazon.awssdk.services.sts.StsClient;

final class Identity {
    public static void main(String[] profiles) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        for (String profile : profiles) {
            // A property and not a provider: so the profile gives region and endpoint as well.
            System.setProperty("aws.profile", profile);
            try (StsClient client = StsClient.create()) {
                var who = client.getCallerIdentity();
                System.out.printf(
                        "{\"Account\":\"%s\",\"Arn\":\"%s\",\"UserId\":\"%s\"}%n",
                        who.account(), who.arn(), who.userId());
            }
        }
    }
}
