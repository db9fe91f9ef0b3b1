//! Telephones for tests in other languages: orders come by standard input, what happens goes to standard output.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    let served = nohold_e2e::far_phones::serve(input, tokio::io::stdout()).await;
    // A read of standard input cannot be given up, so the runtime is not waited for.
    match served {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::exit(1);
        }
    }
}
