//! Running things as processes of their own, with their time, processor time and memory.
//!
//! What is run is decided by the measurements.

use std::collections::HashMap;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How often it is asked whether a process has ended, and how often memory is looked at: adding up the pages of large processes
/// takes milliseconds, which must not slow down what is measured.
const TICK: Duration = Duration::from_millis(4);
const TICKS_PER_SAMPLE: u32 = 40;

/// What a run cost, with all the processes that it started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Seconds on the wall.
    pub seconds: f64,
    /// Processor seconds, user and system.
    pub processor: f64,
    /// The most resident memory at one time, in MB: the plain sum over all processes, shared pages counted in each.
    pub resident: f64,
    /// The same with shared pages counted once.
    pub proportional: f64,
}

/// Runs commands side by side to their ends.
pub fn run(commands: Vec<Command>) -> anyhow::Result<Cost> {
    let before = processor_of_children();
    let begun = Instant::now();
    let mut children = commands
        .into_iter()
        .map(|mut command| command.spawn().with_context(|| format!("starting {command:?}")))
        .collect::<anyhow::Result<Vec<Child>>>()?;
    let mut cost = Cost::default();
    for tick in 0u32.. {
        let mut running = false;
        for child in &mut children {
            match child.try_wait()? {
                None => running = true,
                Some(status) if status.success() => {}
                Some(status) => bail!("a process ended with {status}"),
            }
        }
        if !running {
            break;
        }
        if tick % TICKS_PER_SAMPLE == 0 {
            let (resident, proportional) = memory(children.iter().map(Child::id).collect());
            cost.resident = cost.resident.max(resident);
            cost.proportional = cost.proportional.max(proportional);
        }
        std::thread::sleep(TICK);
    }
    cost.seconds = begun.elapsed().as_secs_f64();
    cost.processor = processor_of_children() - before;
    Ok(cost)
}

/// Processor seconds of all children that have ended, with theirs.
fn processor_of_children() -> f64 {
    processor(libc::RUSAGE_CHILDREN)
}

/// Processor seconds of this process.
pub fn processor_of_this_process() -> f64 {
    processor(libc::RUSAGE_SELF)
}

fn processor(whose: libc::c_int) -> f64 {
    // SAFETY: the structure is plain numbers, and getrusage writes all of it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(whose, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Resident and proportional memory of processes and all that they started, in MB.
fn memory(mut family: Vec<u32>) -> (f64, f64) {
    let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may hold anything; the parent is the second field after it.
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
        parents.entry(parent.unwrap_or(0)).or_default().push(process);
    }
    let (mut at, mut resident, mut proportional) = (0, 0.0, 0.0);
    while at < family.len() {
        let process = family[at];
        family.extend(parents.remove(&process).into_iter().flatten());
        let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let field = |name: &str| -> f64 {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1000.0 * 1.024
        };
        resident += field("Rss:");
        proportional += field("Pss:");
        at += 1;
    }
    (resident, proportional)
}
