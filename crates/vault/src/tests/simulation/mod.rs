//! Histories of a vault, made at random and made smaller where they fail: batches from several producers to sites in
//! several time zones, crashes and restarts between any two steps, clocks that jump, other settings, lost keys. A simple
//! model (`model.rs`, `rules.rs`) counts beside it, and without noise every released number must be the model's.
//!
//! A failure is: an acknowledged event that is lost or counted twice; an answer, an outcome or a released number that is
//! not the model's; a period that is sealed too early, too late or twice, or whose release changes; a key that outlives its
//! period; a day whose ledger is wrong or beyond its promise. None is: what a disk does that tears writes or forgets
//! synced ones (the crash tests do that with the real process), and how fast it all is.

mod check;
mod model;
mod ops;
mod reproduction;
mod rules;
mod run;
mod send;

use std::{collections::BTreeMap, sync::Mutex, time::Instant};

use proptest::test_runner::{Config, TestError, TestRunner};

/// How long a history that fails is made smaller.
const SHRINK_MS_MAX: u32 = 120_000;

/// Runs so many histories of up to so many operations, and says how often what happened.
fn simulate(cases: u32, ops_max: usize) -> BTreeMap<&'static str, u64> {
    let config = Config {
        cases,
        max_shrink_iters: 4_000,
        max_shrink_time: SHRINK_MS_MAX,
        failure_persistence: None,
        ..Config::default()
    };
    let happened: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let result = TestRunner::new(config).run(&ops::history(ops_max), |history| {
        let of_case = run::run(&history);
        let mut happened = happened.lock().unwrap();
        for (name, times) in of_case {
            *happened.entry(name).or_default() += times;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, history)) => {
            let lines: Vec<String> = history.iter().map(|op| format!("    {op:?},")).collect();
            panic!("{why}\nThe shortest history that was found (for `reproduction.rs`):\n{}", lines.join("\n"));
        }
        Err(other) => panic!("{other}"),
    }
    happened.into_inner().unwrap()
}

#[test]
fn no_history_loses_or_doubles_anything() {
    simulate(64, 40);
}

/// The same for longer. `HEADCOUNT_SIMULATION_CASES` says how many histories (200 unless told; some seconds each), each of up to 120
/// operations; it prints how often what happened:
///
/// ```text
/// HEADCOUNT_SIMULATION_CASES=500 cargo test --lib many_histories -- --ignored --nocapture
/// ```
#[test]
#[ignore = "takes many minutes"]
#[allow(clippy::disallowed_methods, reason = "a test has no settings but the environment")]
fn many_histories_lose_and_double_nothing() {
    let cases = std::env::var("HEADCOUNT_SIMULATION_CASES").map_or(200, |n| n.parse().expect("a number"));
    let began = Instant::now();
    let happened = simulate(cases, 120);
    let ops: u64 = happened.values().sum();
    println!("{cases} histories, {ops} operations, {:.0} s", began.elapsed().as_secs_f64());
    for (name, times) in happened {
        println!("{times:>10} {name}");
    }
}
