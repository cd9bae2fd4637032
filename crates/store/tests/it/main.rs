//! One suite of behaviours that both databases must show.
//!
//! Every behaviour runs on SQLite, and on PostgreSQL too when `SHORTSAI_TEST_POSTGRES_URL` names a server (its user must
//! be allowed to create databases). `make test` starts one by `scripts/with-postgres.sh`; without it the tests under
//! `postgres` check nothing.

mod accounts;
mod characters;
mod chores;
mod database;
mod delete;
mod expanding;
mod filler;
mod folders;
mod history;
mod leases;
mod ledger;
mod limits;
mod made;
mod manage;
mod opening;
mod overview;
mod places;
mod projects;
mod questions;
mod queue;
mod raw;
mod requests;
mod shows;
mod upgrade;
mod usage;
mod vendor_keys;
mod webhooks;
mod workflow;

/// Makes one test for each behaviour and database.
macro_rules! on_both {
    ($($topic:ident: $($behaviour:ident),+;)+) => {
        mod sqlite {
            $(mod $topic { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let database = crate::database::sqlite().await;
                    crate::$topic::$behaviour(&database).await;
                }
            )+ })+
        }
        mod postgres {
            $(mod $topic { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    if let Some(database) = crate::database::postgres().await {
                        crate::$topic::$behaviour(&database).await;
                        database.drop().await;
                    }
                }
            )+ })+
        }
    };
}

on_both! {
    projects: created_projects_are_read_back, a_script_has_one_project, lists_are_paged_and_filtered, details_are_changed,
        scenes_know_their_project, reopening_keeps_everything;
    workflow: every_history_is_stored_as_the_state_machine_says, a_rejected_input_changes_nothing,
        commands_at_the_same_moment_ask_once, a_replaced_render_is_cancelled, changes_wake_followers,
        changes_of_one_project_wake_its_followers, changes_wake_followers_in_other_processes;
    queue: no_task_is_handed_out_twice, urgent_tasks_go_first, owners_take_turns, owners_take_turns_whatever_came_before,
        many_are_claimed_at_once, the_blocked_are_passed_over, kinds_are_respected,
        the_next_moment_is_known, tasks_know_what_caused_them;
    leases: a_lost_lease_is_handed_on, a_finish_without_the_lease_changes_nothing, a_cancelled_task_never_lands,
        a_passing_trouble_is_tried_again_later, the_last_failure_is_final, a_given_back_task_has_lost_no_attempt,
        a_dead_workers_tasks_are_released, many_leases_are_kept_at_once,
        many_attempts_end_at_once, equal_changes_of_different_slots_stay_apart, vendor_references_survive, a_deleted_project_ends_its_leases;
    limits: calls_at_once_are_limited, calls_in_a_minute_are_limited, limits_are_exact_across_processes,
        a_postponed_task_has_lost_no_attempt, free_accounts_begin_few_projects_a_day, calls_made_elsewhere_count_once;
    characters: characters_are_read_back_and_are_their_owners, a_deleted_character_leaves_its_projects,
        a_scripts_characters_are_its_projects;
    chores: a_chore_is_done_by_one_and_not_too_often;
    delete: objects_that_no_row_names_are_told, only_unused_objects_are_named, objects_to_be_rendered_stay, objects_belong_to_those_who_show_them;
    requests: a_request_sent_again_has_no_second_effect, requests_at_the_same_moment_have_one_effect,
        a_refused_request_leaves_nothing, a_lock_keeps_only_others_edits_away, every_change_moves_the_mark,
        reports_count_for_the_lease_of_their_render;
    folders: names_are_unique_at_their_place, no_folder_comes_to_lie_in_itself, a_deleted_folder_loses_nothing;
    places: what_is_gone_is_not_named, what_comes_in_meanwhile_is_taken_out;
    shows: shows_outlive_nothing_but_themselves;
    manage: plans_are_made_changed_and_deleted, a_new_subscription_puts_its_plan_into_force, who_is_new_gets_the_free_plan,
        the_last_administrator_stays;
    ledger: the_ledger_is_searched_and_paged, activity_is_added_up_by_day;
    made: results_are_remembered_replaced_and_forgotten, equal_requests_wait_for_each_other,
        one_of_many_makes_what_all_want;
    usage: a_call_is_reserved_once_and_settled_at_what_it_took, a_failed_call_is_given_back_where_it_was_taken,
        a_dead_attempts_reservation_goes_on,
        a_dead_attempts_call_to_another_vendor_counts_for_that_one, a_left_call_counts_even_if_there_is_no_room_for_the_next,
        a_task_of_several_calls_has_a_line_for_each, plans_limit_by_day_and_month, budgets_are_never_overdrawn;
    accounts: people_are_known_by_google_and_by_address, only_one_is_the_first, sessions_last_while_they_are_used,
        tokens_are_their_users, uploads_belong_to_those_who_brought_them;
    vendor_keys: keys_are_kept_for_their_user_and_run, wishes_are_kept_for_their_user;
    webhooks: messages_are_written_with_what_they_tell, failures_are_told_with_their_reason,
        older_progress_makes_room_for_newer, deliveries_are_held_for_a_time, no_message_is_handed_out_twice,
        the_busy_are_passed_over, endpoints_that_take_nothing_are_switched_off, endpoints_are_their_owners_and_not_too_many,
        secrets_turn, a_request_brings_its_own_endpoint;
    questions: questions_are_asked_once_and_kept_for_a_day;
    raw: a_database_is_counted_as_it_is, what_comes_later_is_in_no_copy;
    overview: the_queue_is_told_at_a_glance, a_chore_tells_when_it_was_done;
    opening: a_newer_schema_is_refused, an_older_program_goes_on_with_a_schema_that_only_grew,
        a_step_that_fails_leaves_the_database_as_it_was, opening_at_the_same_moment_works;
    expanding: new_steps_only_add, what_older_programs_can_not_live_with_is_seen;
    history: every_schema_is_brought_up_to_date_with_all_that_is_in_it;
    upgrade: an_older_versions_database_goes_on;
}
