//! What is left when a process dies. The tests start this very program again as a child, which kills itself with SIGKILL at
//! a given step, or is killed from outside at any moment; then they look at what the next child makes of it.
//!
//! Everything runs on SQLite, and on PostgreSQL too when `SHORTSAI_TEST_POSTGRES_URL` names a server; without it the tests
//! under `postgres` check nothing. `SHORTSAI_CRASH_SECONDS` says how long two processes are tormented (4 s if not set;
//! `make test-crash` takes a minute), `SHORTSAI_CRASH_SEED` at which moments.

#![cfg(unix)]

mod child;
mod database;
mod every_step;
mod ledger;
mod order;
mod questions;
mod two_processes;
mod vendors;

use database::Server;

mod sqlite {
    use super::*;

    #[test]
    fn a_kill_at_any_step_changes_nothing() {
        every_step::check(&Server::Sqlite);
    }

    #[test]
    fn a_question_is_answered_whenever_its_process_is_killed() {
        questions::check(&Server::Sqlite);
    }

    #[test]
    fn a_process_that_is_killed_again_and_again_loses_nothing() {
        two_processes::check(&Server::Sqlite);
    }
}

mod postgres {
    use super::*;

    #[test]
    fn a_kill_at_any_step_changes_nothing() {
        if let Some(server) = Server::postgres() {
            every_step::check(&server);
        }
    }

    #[test]
    fn a_question_is_answered_whenever_its_process_is_killed() {
        if let Some(server) = Server::postgres() {
            questions::check(&server);
        }
    }

    #[test]
    fn a_process_that_is_killed_again_and_again_loses_nothing() {
        if let Some(server) = Server::postgres() {
            two_processes::check(&server);
        }
    }
}

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn child_process() {
    if let Some(order) = order::Order::of_environment() {
        child::run(order);
    }
}
