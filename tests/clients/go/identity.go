// Prints who the SDK is under the profile of each argument, as the CLI's get-caller-identity does, one line each.
// Whatever the SDK warns of goes to stderr.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

func main() {
	ctx := context.Background()
	for _, profile := range os.Args[1:] {
		settings, err := config.LoadDefaultConfig(ctx,
			config.WithSharedConfigProfile(profile),
			config.WithLogger(logging.NewStandardLogger(os.Stderr)),
			config.WithLogConfigurationWarnings(true))
		check(err)
		who, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		check(err)
		check(json.NewEncoder(os.Stdout).Encode(
			map[string]*string{"Account": who.Account, "Arn": who.Arn, "UserId": who.UserId}))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
