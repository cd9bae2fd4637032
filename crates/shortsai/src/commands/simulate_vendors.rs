//! `shortsai simulate-vendors`: all vendors on this machine, for development and tests without keys or costs.

use std::process::ExitCode;

use anyhow::Context;
use providers::simulator::{Options, Simulator};

use crate::cli;
use crate::fail::Unusable;
use crate::signal::wait_for_signal;

pub fn simulate_vendors(arguments: &cli::SimulateVendors) -> anyhow::Result<ExitCode> {
    if !arguments.listen.ip().is_loopback() {
        let problem = format!(
            "{} can be reached by others, and the simulator takes any key; listen on 127.0.0.1 or [::1] only",
            arguments.listen
        );
        return Err(Unusable(problem).into());
    }
    let simulator = Simulator::start(arguments.listen, Options { polls: arguments.polls }).with_context(|| {
        format!("can't listen on {}; is another server running there? Choose another port with --listen", arguments.listen)
    })?;
    let base = simulator.base();
    println!("Vendors are simulated on {base}");
    println!("  to use them:  SHORTSAI_VENDOR_BASE={base} shortsai serve");
    println!("  the calls:    {base}/ledger");
    println!("  misbehaviour: {base}/faults");
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(wait_for_signal());
    Ok(ExitCode::SUCCESS)
}
