//! `cargo run`: the whole product on a laptop.

use std::process::ExitCode;

use app::{config::Config, http::log};
use local::{
    Local, demo,
    options::{HELP, Options},
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("zerodash: {sentence}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "this is for the person at the terminal"
)]
async fn run() -> Result<(), String> {
    let Some(options) = Options::read(std::env::args().skip(1), app::config::variable)? else {
        print!("{HELP}");
        return Ok(());
    };
    log::init(
        Some(log::filter_from_env().as_deref().unwrap_or("warn")),
        std::io::stderr,
    );
    let told = |error: app::Error| error.cause();
    let engines = match &options.warehouse {
        Some(place) => {
            let endpoint = options.warehouse_endpoint.as_deref();
            let engines = warehouse::embedded::bucket(place, endpoint).await;
            engines.map_err(|error| error.to_string())?
        }
        None => warehouse::embedded::projects(options.data_dir.join("warehouse")),
    };
    let local = Local::start(&options, Config::from_env()?, Some(engines))
        .await
        .map_err(told)?;

    let url = local
        .address()
        .map(|address| format!("http://{address}"))
        .unwrap_or_default();
    let folder = options.data_dir.display();
    let demo = if options.demo {
        let made = demo::prepare(&local.app, &options.data_dir).await;
        Some(made.map_err(told)?)
    } else {
        None
    };
    println!("Zerodash listens on {url}");
    println!("  try it out:  {url}/api/docs");
    if let Some(demo::Demo { token, project }) = demo {
        println!("  the shop:    {url}/api/v1/projects/{project}/explores");
        println!("  as its admin: curl -H 'Authorization: ApiKey {token}' …");
        println!("  its tables:  {folder}/warehouse/{project}/");
    }
    println!(
        "  sign up:     curl -c cookies -H 'Content-Type: application/json' {url}/api/v1/user \\"
    );
    println!(
        "                 -d '{{\"email\":\"ana@example.com\",\"firstName\":\"Ana\",\"lastName\":\"Sol\",\"password\":\"correct-horse-1\"}}'"
    );
    println!("  your mail:   {folder}/outbox/");
    println!("  stop:        Ctrl-C; the data stays in {folder}/");
    local.serve(stopped()).await.map_err(told)
}

/// Ctrl-C, or the signal that service managers send.
async fn stopped() {
    let mut terminated =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(_) => return,
        };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
