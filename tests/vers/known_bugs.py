"""The weaknesses known of existing clients, by number: the test that proves ours lacks it, or why it cannot have it.

One line a number, in order. A value that begins with `tests/` names a test, anything else is a reason.
"""

from __future__ import annotations

KNOWN_BUGS: dict[int, str] = {
    1: "tests/remote/tail/test_links.py::test_resumes_at_the_cursor",
    2: "tests/engine/test_crashes_and_company.py::test_a_killed_cockpit_loses_no_line_and_shows_none_twice",
    3: "tests/remote/tail/test_links.py::test_cuts_all_over_the_stream",
    4: "tests/engine/test_agents_on_the_embedded_fleet.py::test_everything_is_there_after_a_restart",
    5: "tests/remote/tail/test_tail.py::test_removed_and_recreated",
    13: "tests/remote/tail/test_links.py::test_a_half_open_link_leaves_no_reader_after_its_patience",
    14: "tests/engine/test_scaffold_health.py::test_a_large_output_begins_anew_and_no_line_is_lost",
    15: "tests/model/test_transcript_window.py::test_a_long_history_is_read_up_and_down_in_bounded_memory",
    16: "tests/model/test_reduce_rules.py::test_an_announced_retry_is_waited_for_whatever_the_state_says",
    17: "tests/model/test_reduce_rules.py::test_drift_is_corrected_by_the_agents_own_state",
    27: "tests/security/test_secrets.py::test_a_secret_is_only_where_it_must_be",
    28: "tests/agents/scaffold/test_scripts.py::test_environment_arrives_exactly_and_stays_nowhere",
    29: "tests/remote/ssh/test_connection.py::test_the_first_host_key_is_pinned_and_a_changed_one_refused",
    30: "a VM's private key is kept in memory only: there is no file whose mode could be wrong, and none to remove",
    31: "a VM's private key is kept in memory by the VM's whole id: there is no file name to clash",
    32: "tests/bootstrap/test_programs.py::test_no_configuration_of_this_machine_goes_to_a_real_vm",
    33: "tests/agents/scaffold/test_scripts.py::test_environment_arrives_exactly_and_stays_nowhere",
    35: "tests/engine/test_without_tmux.py::test_agents_run_detached_and_outlive_the_server",
    36: "tests/engine/test_agents_on_the_embedded_fleet.py::test_everything_is_there_after_a_restart",
    37: "tests/engine/test_ghosts.py::test_what_is_not_the_platforms_own_not_found_leaves_it_unknown",
    38: "tests/engine/test_paused_over_a_restart.py::test_an_agent_that_was_paused_is_known_and_usable_after_a_restart",
    39: "no list is written of what is connected so far: each agent is a row of its own, changed by itself alone",
    40: "tests/store/test_faults.py::test_kill_9_at_any_time_loses_nothing_that_was_safe",
    41: "tests/engine/test_two_cockpits.py::test_one_records_and_both_see",
    42: "tests/engine/unit/test_link.py::test_a_paused_vm_is_not_called",
    43: "tests/engine/test_paused_over_a_restart.py::test_an_agent_that_was_paused_is_known_and_usable_after_a_restart",
    44: "tests/engine/unit/test_dispatcher.py::test_destroy_drops_nothing_before_the_api_confirmed",
    50: "tests/engine/unit/test_session.py::test_a_look_that_fails_says_nothing_and_ends_nothing",
    51: "tests/model/test_reduce_rules.py::test_a_long_silence_is_no_end",
    52: "tests/engine/test_scaffold_health.py::test_an_agent_without_a_fifo_is_alive_and_a_relaunch_makes_both_anew",
    53: "tests/engine/test_agents_on_the_embedded_fleet.py::test_a_killed_agent_is_seen_dead_and_relaunches",
    59: "neither rsync nor scp copies a configuration: the files of a start go over the open link, in bounded time",
}
