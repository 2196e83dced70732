//! Golden scripts: each file in `tests/scripts` proves what its name says, and shows how.
//!
//! A block is some commands, a line `---`, and what happened. `UPDATE_GOLDENFILES=1 cargo test -p
//! raft --test scripts` writes down what happens now; the difference is reviewed like code. The
//! commands are those of [`commands::Command`]. After each step of any member the invariants of
//! [`support::invariants`] are checked, so a script also proves all that it does not print.

#[path = "support/commands.rs"]
mod commands;
#[path = "support/notation.rs"]
mod notation;
#[path = "support/script.rs"]
mod script;
mod support;

use std::collections::BTreeSet;
use std::fs;

/// Makes one test of each script, and one that no script was left out.
macro_rules! scripts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        #[test]
        fn every_script_is_run() {
            let named = BTreeSet::from([$(stringify!($name).to_owned()),*]);
            assert_eq!(found(), named);
        }
    };
}

scripts! {
    single_member_elects_itself
    election_of_three
    tie_is_broken
    two_pre_candidates_settle
    pre_vote_raises_no_term
    pre_vote_refusal_teaches_the_term
    pre_vote_resets_no_timer
    late_pre_vote_changes_nothing
    returning_member_does_not_disturb
    vote_waits_for_the_disk
    request_vote_waits_for_the_disk
    own_vote_waits_for_own_disk
    grant_to_a_lost_log_elects_nobody
    one_vote_per_term
    vote_that_was_lost_may_be_given_again
    shorter_log_loses
    longer_log_of_an_older_term_loses
    old_term_entry_is_not_committed_by_counting
    noop_commits_the_older_entries
    divergent_logs_are_repaired_by_whole_terms
    late_append_truncates_nothing
    appends_in_reverse_order
    stale_rejection_is_ignored
    stale_ack_is_ignored
    own_ack_of_an_older_term_does_not_count
    async_append_aba
    leaders_copy_counts_when_durable
    followers_commit_before_the_leaders_disk
    apply_waits_for_the_disk
    group_commit
    lost_append_is_found_by_the_heartbeat
    lost_ack_is_found_by_the_heartbeat
    window_full_then_resumes
    heartbeat_commits_no_more_than_matched
    partitioned_leader_steps_down
    one_way_link_costs_the_leader
    candidate_at_a_higher_term_is_freed
    leader_that_stepped_down_alone_wins_again
    second_leader_of_a_term_is_ignored
    committed_entries_cannot_be_replaced
    read_waits_for_a_commit_of_the_term
    read_needs_a_quorum
    cut_off_leader_serves_no_read
    reads_of_two_rounds
    single_member_reads_at_once
    follower_reads_through_the_leader
    reads_do_not_survive_a_change_of_leader
    forward_counts_only_in_its_term
    forwards_leave_together
    forward_counts_once_over_a_removal
    requests_without_a_leader_are_refused
    restart_applies_what_was_known_committed
    restart_of_all_keeps_everything
    crash_loses_what_was_not_durable
    strangers_do_not_count
    huge_numbers_are_harmless
    append_covers_no_more_than_it_carries
    later_write_replaces_an_earlier_one
    half_is_no_quorum
    configuration_counts_when_appended
    configuration_is_rolled_back
    one_change_at_a_time
    new_leader_minds_a_pending_change
    no_change_before_a_commit_of_the_term
    learner_gets_the_log_and_does_not_count
    learner_never_campaigns
    newcomer_waits_to_be_told
    learner_grants_votes
    promotion_waits_for_the_log
    silent_learner_is_not_promoted
    joint_needs_its_new_half
    joint_needs_its_old_half
    joint_elects_with_both_halves
    joint_is_left_by_itself
    new_leader_finishes_the_joint
    removed_leader_hands_over
    removed_member_cannot_disturb
    removed_member_is_sent_no_more
    removal_commits_what_waited
    removal_confirms_reads
    empty_member_of_an_idle_cluster_gets_a_snapshot
    new_voter_of_a_single_member_is_down
    change_at_a_follower
    changes_that_make_no_sense
    transfer_waits_for_the_target
    transfer_target_campaigns_past_stickiness
    transfer_holds_proposals
    forwards_wait_for_the_end_of_a_transfer
    transfer_refuses_bad_targets
    transfer_to_a_leaving_member_is_given_up
    no_change_during_a_transfer
    transfer_to_a_freshly_promoted_member
    timeout_now_of_a_stranger_is_ignored
    reads_during_a_transfer
    lease_reads_at_once
    lease_ends_with_skipped_ticks
    lease_ends_with_timeout_now
    lease_needs_a_commit_of_the_term
    restarted_member_keeps_the_lease
    restarted_member_votes_at_once_without_leases
    leader_without_a_disk_hands_over
    single_voter_waits_for_its_disk
    uncommitted_bytes_are_bounded
    held_bytes_are_bounded
    campaign_delay_lets_others_go_first
    snapshot_goes_in_chunks
    snapshot_answer_may_get_lost
    snapshot_goes_on_over_a_change_of_leader
    other_snapshot_begins_anew
    other_snapshot_waits_for_the_one_that_is_stored
    newer_snapshot_takes_the_place_of_one_on_its_way
    spoiled_snapshot_begins_anew
    snapshot_drops_a_conflicting_log
    snapshot_keeps_a_matching_longer_log
    crash_after_a_snapshot_is_stored
    crash_before_a_snapshot_is_stored
    crash_with_a_conflicting_log_beside_a_snapshot
    append_before_the_base
    stale_chunk_changes_nothing
    snapshot_carries_the_configuration
    snapshot_carries_a_joint_configuration
    voter_becomes_learner_by_snapshot
    silent_follower_is_probed_anew
    straggler_needs_no_snapshot
    restart_begins_with_the_snapshot
    demoted_leader_hands_over
    leader_outside_the_new_half_leads_the_joint
    voter_that_is_to_leave_may_be_needed
    window_and_compaction_meet
    learner_reads
    configuration_survives_a_restart
    leader_that_changes_members_is_cut_off
    snapshot_drops_a_configuration
    snapshot_has_the_configuration_of_its_position
    truncation_goes_back_to_the_snapshots_configuration
    member_that_comes_back_is_probed
    silent_heir_is_passed_over
    candidate_that_turns_out_to_be_a_learner
    snapshot_cannot_replace_what_is_committed
    chunks_that_make_no_sense
    recovering_member_does_not_vote
    recovering_member_is_whole_again
    recovering_member_stays_so_over_a_crash
    late_ack_of_what_was_lost_counts
    weak_votes_elect_when_all_give_theirs
    weak_votes_do_not_outvote_a_refusal
    single_member_recovers_alone
}

fn run(name: &str) {
    let mut script = script::Script::default();
    goldenscript::run(&mut script, format!("tests/scripts/{name}")).expect("the script runs");
}

fn found() -> BTreeSet<String> {
    let files = fs::read_dir("tests/scripts").expect("the scripts are there");
    let name = |file: fs::DirEntry| file.file_name().to_string_lossy().into_owned();
    files.map(|file| name(file.expect("readable"))).collect()
}
