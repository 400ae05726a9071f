"""The fault matrix: every fault the cockpit must hold against, and the tests that prove it.

Rows are numbered as the project numbers its faults. Silent loss of packets is a relay that stops forwarding, in one
direction or both: the ends see the same as with a dead cable, and no privilege is needed. A paused VM is a stopped
process tree. Bounds are those of the shortened waits in `harness`.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One fault."""

    fault: str
    tests: tuple[str, ...]
    """Where it is proved: `path::function`."""


_LINKS = "tests/faults/test_links.py::"
_FILES = "tests/faults/test_files.py::"
_ALONE = "tests/faults/test_one_agent_alone.py::"
_SIGNALS = "tests/faults/test_signals.py::"
_CONNECTION = "tests/remote/ssh/test_connection.py::"
_TAIL = "tests/remote/tail/test_tail.py::"
_TAIL_LINKS = "tests/remote/tail/test_links.py::"
_PARTS = "tests/remote/test_parts.py::"
_SHELLS = "tests/remote/tail/test_shells.py::"
_COMPANY = "tests/engine/test_crashes_and_company.py::"
_TWO = "tests/engine/test_two_cockpits.py::"
_LEASE = "tests/store/test_lease.py::"
_SEND = "tests/agents/scaffold/test_send.py::"
_OPENING = "tests/store/test_opening.py::"
_STORE = "tests/store/test_faults.py::"
_HOSTILE = "tests/ui/test_hostile.py::"

ROWS: dict[int, Row] = {
    1: Row(
        "the session's sshd is killed",
        (
            _LINKS + "test_a_killed_session_is_shown_and_resumed",
            _CONNECTION + "test_a_killed_session_is_seen_at_once",
            _TAIL_LINKS + "test_a_killed_session_leaves_nothing_and_resumes",
        ),
    ),
    2: Row(
        "the listener is away for a while",
        (
            _LINKS + "test_a_listener_that_is_away_is_found_again",
            _LINKS + "test_waits_between_attempts_are_jittered_below_a_doubling_ceiling",
        ),
    ),
    3: Row(
        "a reset in mid-line",
        (
            _LINKS + "test_a_reset_in_mid_line_reads_the_line_again",
            _LINKS + "test_resets_at_many_places_of_a_stream",
        ),
    ),
    4: Row(
        "half-open and silent",
        (
            _LINKS + "test_a_frozen_link_is_unknown_then_down_then_up",
            _CONNECTION + "test_a_half_open_link_is_silent_first_and_dropped_in_its_bound",
            _TAIL_LINKS + "test_a_half_open_link_leaves_no_reader_after_its_patience",
        ),
    ),
    5: Row(
        "loss in one direction",
        (
            _LINKS + "test_answers_that_are_lost_are_unknown_then_down_then_up",
            _CONNECTION + "test_answers_lost_one_way_are_a_dropped_link",
        ),
    ),
    6: Row(
        "the VM is paused and resumed",
        (
            _LINKS + "test_a_paused_vm_is_paused_not_dead_and_doubles_nothing",
            _LINKS + "test_a_pause_nobody_told_us_of_is_silence_first",
            _TAIL_LINKS + "test_a_paused_vm_resumes_without_doubles",
        ),
    ),
    7: Row("a flapping link", (_LINKS + "test_a_flapping_link_makes_progress_without_a_storm",)),
    8: Row(
        "a drop at every byte",
        (
            _PARTS + "test_the_stream_cut_at_every_byte",
            _TAIL_LINKS + "test_cuts_all_over_the_stream",
        ),
    ),
    9: Row("a slow and distant link", (_LINKS + "test_a_slow_far_link_slows_nobody_else",)),
    10: Row(
        "every agent loses its link at once",
        (
            _ALONE + "test_two_hundred_links_come_back_spread_and_each_below_its_ceiling",
            _LINKS + "test_many_agents_behind_one_host_come_back_without_a_refusal",
            _CONNECTION + "test_the_gate_keeps_an_sshd_with_default_limits_from_refusing",
        ),
    ),
    11: Row(
        "MaxStartups refuses",
        (_LINKS + "test_a_full_server_is_named_and_waited_for", _CONNECTION + "test_too_many_log_ins_are_named"),
    ),
    12: Row(
        "MaxSessions refuses",
        (
            _LINKS + "test_one_session_only_keeps_the_stream",
            _CONNECTION + "test_max_sessions_refuses_a_channel_and_the_connection_lives",
        ),
    ),
    13: Row(
        "our key is revoked, or the VM has a new one",
        (
            _LINKS + "test_a_revoked_key_is_said_and_not_hammered",
            _LINKS + "test_a_new_key_of_the_platform_is_fetched_when_the_old_one_is_refused",
        ),
    ),
    14: Row(
        "the host key changes",
        (
            _LINKS + "test_a_changed_host_key_is_refused_for_good",
            _CONNECTION + "test_the_first_host_key_is_pinned_and_a_changed_one_refused",
        ),
    ),
    15: Row(
        "wrong TLS name, expired certificate",
        (_CONNECTION + "test_ssh_inside_tls", _CONNECTION + "test_an_expired_certificate_is_refused"),
    ),
    16: Row(
        "banner and noise of rc files",
        (
            _LINKS + "test_noise_of_banner_and_rc_file_is_not_output",
            _CONNECTION + "test_noise_of_the_server_and_of_rc_files_is_not_output",
        ),
    ),
    17: Row(
        "slow and strange login shells",
        (
            _LINKS + "test_a_slow_login_shell_is_waited_for",
            _PARTS + "test_words_survive_login_shells",
            "tests/agents/scaffold/test_scripts.py::test_one_command_line_for_every_login_shell",
        ),
    ),
    18: Row("no perl, no node, busybox", (_SHELLS + "test_every_fault_under_every_shell",)),
    19: Row("the disk of the VM is full", (_FILES + "test_a_full_disk_leaves_a_half_line_pending",)),
    20: Row(
        "the file comes later",
        (_FILES + "test_a_file_that_comes_later_is_read_at_once", _TAIL + "test_a_file_that_comes_later"),
    ),
    21: Row(
        "truncated, then shorter",
        (
            _FILES + "test_truncation_is_shown_and_the_new_content_read_once",
            _TAIL + "test_truncated_and_rewritten_shorter",
        ),
    ),
    22: Row(
        "truncated and rewritten longer while away",
        (
            _FILES + "test_a_file_replaced_while_away_is_found_by_its_content",
            _TAIL_LINKS + "test_a_file_changed_while_away_is_a_new_epoch",
            _TAIL_LINKS + "test_same_head_and_longer_is_found_by_the_anchor",
        ),
    ),
    23: Row(
        "rewritten longer while tail does not look",
        (
            _FILES + "test_a_rewrite_past_our_position_is_found_within_a_check",
            _TAIL + "test_rewritten_longer_while_tail_was_stopped",
        ),
    ),
    24: Row(
        "replaced by rename",
        (
            _FILES + "test_rotation_by_rename_reads_the_old_file_to_its_end",
            _TAIL + "test_replaced_by_rename",
            _TAIL + "test_rotated_while_the_writer_goes_on",
        ),
    ),
    25: Row(
        "made anew with the same inode, longer than our position",
        (
            _FILES + "test_a_file_replaced_while_away_is_found_by_its_content",
            _TAIL_LINKS + "test_a_file_changed_while_away_is_a_new_epoch",
        ),
    ),
    26: Row(
        "copied and truncated under load",
        (_FILES + "test_copytruncate_under_load_doubles_nothing", _TAIL + "test_copied_and_truncated"),
    ),
    27: Row(
        "the directory is removed and made again",
        (_FILES + "test_a_directory_removed_and_made_again", _TAIL + "test_directory_removed_and_recreated"),
    ),
    28: Row(
        "half a line when the link drops",
        (_FILES + "test_a_half_line_at_the_drop_comes_once_and_whole", _TAIL_LINKS + "test_resumes_at_the_cursor"),
    ),
    29: Row("half a line for ever", (_FILES + "test_a_half_line_for_ever_is_pending_and_not_lost",)),
    30: Row(
        "CRLF, empty lines, NUL, BOM, U+2028",
        (
            _FILES + "test_hostile_lines_are_all_records_and_kept_raw",
            "tests/agents/test_framing.py::test_only_a_line_feed_ends_a_line",
            _TAIL + "test_any_bytes_pass",
        ),
    ),
    31: Row(
        "split and invalid UTF-8, lone surrogates",
        (_FILES + "test_hostile_lines_in_single_bytes", _TAIL_LINKS + "test_a_stream_in_single_bytes"),
    ),
    32: Row(
        "lines of 64 MB and 1 GB",
        (
            _FILES + "test_a_line_of_64_megabytes_is_marked_and_others_go_on",
            _TAIL + "test_a_line_of_64_megabytes",
            "tests/agents/test_framing.py::test_a_huge_line_costs_its_head_only",
        ),
    ),
    33: Row(
        "not JSON, unknown, wrong types, deep nesting",
        (
            _FILES + "test_hostile_lines_are_all_records_and_kept_raw",
            "tests/agents/pi/test_decode_hostile.py::test_any_bytes_are_an_event",
            "tests/agents/pi/test_decode_hostile.py::test_any_damage_to_a_real_line_is_an_event",
            "tests/agents/pi/test_decode_hostile.py::test_deep_nesting_where_the_meaning_is_known",
        ),
    ),
    34: Row(
        "a hundred thousand events a second from one agent",
        (
            _ALONE + "test_a_flood_holds_its_own_vm_back_and_nobody_else",
            _TAIL_LINKS + "test_a_slow_consumer_holds_the_writer_not_the_memory",
        ),
    ),
    35: Row(
        "both dialects of pi in one file",
        ("tests/agents/pi/test_decode.py::test_both_dialects_in_one_file_make_one_transcript",),
    ),
    36: Row(
        "escapes, markup, bidi in every field",
        (
            _HOSTILE + "test_no_hostile_character_is_drawn",
            _HOSTILE + "test_a_toast_with_a_hostile_reason_is_clean",
            _HOSTILE + "test_nothing_hostile_reaches_a_real_terminal",
        ),
    ),
    37: Row(
        "clocks jump",
        (
            _ALONE + "test_ages_follow_the_monotonic_clock_whatever_the_wall_says",
            _ALONE + "test_a_jump_of_the_wall_clock_disturbs_no_link",
            _PARTS + "test_backoff_doubles_to_its_cap_and_forgives_after_a_minute_of_life",
        ),
    ),
    38: Row(
        "two cockpits on one agent",
        (
            _COMPANY + "test_two_cockpits_at_once_are_both_whole",
            _TWO + "test_one_records_and_both_see",
            _TWO + "test_orders_of_the_one_that_follows_come_as_far",
            _TWO + "test_verbs_beside_a_cockpit_that_records",
            _TWO + "test_a_recording_cockpit_that_is_stuck_blinds_nobody",
            _TWO + "test_cockpits_that_keep_their_history_apart_record_apart",
            "tests/cli/test_verbs.py::test_two_writers_do_not_disturb_each_other",
        ),
    ),
    39: Row(
        "two readers of one cursor file",
        (
            _STORE + "test_processes_that_append_the_same_lines_keep_each_once",
            _COMPANY + "test_a_cockpit_that_comes_later_sees_what_another_stored_meanwhile",
            _LEASE + "test_one_store_at_a_time_holds_a_lease",
            _LEASE + "test_a_lease_ends_with_its_process_by_whatever_means",
            _TWO + "test_the_other_takes_over_when_the_recording_one_ends",
            _TWO + "test_a_later_cockpit_takes_over_from_a_verb",
            _TWO + "test_links_that_drop_in_turn_hand_the_agent_over_each_time",
        ),
    ),
    40: Row(
        "remote leftovers",
        (
            _FILES + "test_no_reader_is_left_after_faults_of_every_kind",
            _TAIL_LINKS + "test_close_leaves_nothing",
            _SHELLS + "test_nothing_stays_behind_under_any_shell",
        ),
    ),
    41: Row(
        "nobody reads the FIFO",
        (
            _SEND + "test_no_agent_at_all",
            _SEND + "test_a_dead_agent_is_noticed_at_once",
            _SEND + "test_an_agent_that_does_not_read_is_a_bounded_wait",
            _SEND + "test_an_agent_that_dies_during_the_write_leaves_no_writer",
        ),
    ),
    42: Row(
        "our disk is full or read-only",
        (
            _STORE + "test_a_full_disk_is_said_once_and_healed_later",
            _STORE + "test_what_does_not_fit_into_the_backlog_is_left_out_without_a_hole",
            _STORE + "test_a_file_that_cannot_be_used_is_left_alone_and_the_store_is_temporary",
        ),
    ),
    43: Row(
        "torn state",
        (
            _OPENING + "test_a_cut_file_is_set_aside_and_said",
            _OPENING + "test_a_cut_write_ahead_log_gives_the_last_good_state",
            _OPENING + "test_overwritten_pages_are_found",
        ),
    ),
    44: Row(
        "kill -9 at any time",
        (
            _COMPANY + "test_a_killed_cockpit_loses_no_line_and_shows_none_twice",
            _COMPANY + "test_a_prompt_sent_before_a_crash_is_neither_sent_again_nor_left_open",
            _STORE + "test_kill_9_at_any_time_loses_nothing_that_was_safe",
        ),
    ),
    45: Row(
        "SIGTERM, SIGHUP, SIGQUIT",
        (
            _SIGNALS + "test_the_screen_gives_the_terminal_back_and_leaves_nothing",
            _SIGNALS + "test_a_verb_that_follows_ends_at_once_and_leaves_nothing",
        ),
    ),
    50: Row(
        "out of file descriptors",
        (_ALONE + "test_too_few_file_descriptors_are_said_and_recovered_from",),
    ),
    52: Row("DNS is down, or the address changes", (_LINKS + "test_a_name_is_resolved_anew_for_each_attempt",)),
    55: Row(
        "an exception in one agent's task",
        (_ALONE + "test_a_defect_in_one_agents_task_is_shown_and_that_agent_alone_restarts",),
    ),
    56: Row(
        "state of an earlier version",
        (
            _OPENING + "test_an_older_file_is_copied_and_upgraded",
            _OPENING + "test_a_newer_file_is_refused_and_stays_as_it_is",
            _OPENING + "test_a_failed_step_leaves_the_file_as_it_was",
        ),
    ),
}
"""Faults 46 to 49, 51, 53 and 54 belong to the screen, to memory, and to the services; their tests live there."""
