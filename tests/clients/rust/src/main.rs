//! Prints who the SDK is under the profile of each argument, as the CLI's get-caller-identity does, one line each.
//! Whatever the SDK warns of goes to stderr.

use aws_config::BehaviorVersion;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(std::io::stderr).init();
    for profile in std::env::args().skip(1) {
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .profile_name(profile)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .load()
            .await;
        match aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await {
            Ok(who) => println!(
                r#"{{"Account":"{}","Arn":"{}","UserId":"{}"}}"#,
                who.account().unwrap_or_default(),
                who.arn().unwrap_or_default(),
                who.user_id().unwrap_or_default()
            ),
            Err(refused) => {
                eprintln!("{}", aws_sdk_sts::error::DisplayErrorContext(refused));
                std::process::exit(1);
            }
        }
    }
}
