"""That every check of the list (B.1) has its attack and, beside it, the control that shows the attack at work."""

import importlib

import pytest

#: For each check: where it is tested, the refusals, and the controls. A control inside a refusal's own test says so.
CHECKS = {
    "1 one parser, https, ports, no user, no fragment": (
        "dialling",
        ["an_address_of_a_bad_form_is_refused_at_creation_and_at_the_dial"],
        ["two_parsers_disagree_about_a_backslash_and_the_attacker_chooses"],
    ),
    "2 refused at creation, and not relied upon": (
        "interface",
        ["an_endpoint_inside_is_refused_when_it_is_named_and_when_it_is_changed"],
        ["what_came_past_creation_is_still_not_dialled"],
    ),
    "3 looked up once for each dial": (
        "dialling",
        ["a_name_that_changes_its_mind_is_dialled_only_where_it_was_judged"],
        ["judging_first_and_dialling_the_name_again_arrives_inside"],
    ),
    "4 every answer is judged": (
        "dialling",
        ["one_bad_address_among_good_ones_refuses_the_name"],
        ["judging_only_the_first_of_several_answers_lets_the_dialler_choose_the_other"],
    ),
    "5 the judged address is dialled under its name": (
        "dialling",
        ["the_certificate_and_the_host_field_are_of_the_name_and_the_dial_is_of_the_address"],
        ["dialling_the_judged_address_by_its_number_would_ask_for_the_wrong_certificate"],
    ),
    "6 the peer is asked, too": (
        "dialling",
        ["a_public_address_that_leads_to_this_machine_is_told_nothing"],
        ["an_inner_address_that_leads_elsewhere_inside_is_told_nothing"],
    ),
    "7 an address table of our own": (
        "addresses",
        ["no_address_of_the_table_is_dialled_as_a_literal_or_by_name", "no_spelling_of_loopback_is_dialled"],
        ["an_ordinary_client_reaches_loopback_by_fourteen_spellings_and_more"],
    ),
    "8 cloud addresses that look public": (
        "addresses",
        ["an_address_of_the_table_is_refused_whatever_the_standard_library_thinks_of_it"],
        ["a_guard_of_is_global_alone_would_let_many_of_them_through"],
    ),
    "9 networks that translate": (
        "addresses",
        [
            "behind_the_operators_own_nat64_an_inner_address_is_refused",
            "a_translating_network_that_nobody_configured_is_warned_of_with_the_first_name",
        ],
        ["behind_the_operators_own_nat64_an_inner_address_is_refused"],
    ),
    "10 no redirects": ("dialling", *2 * (["a_redirect_is_kept_and_not_followed"],)),
    "11 nothing of the environment": (
        "dialling",
        ["a_proxy_of_the_environment_gets_nothing", "a_proxy_in_the_environment_is_told_of_at_the_start_and_not_used"],
        ["credentials_and_authorities_of_the_environment_are_not_used"],
    ),
    "12 no sockets of the file system, no address to dial from": (
        "dialling",
        [
            "a_socket_of_the_file_system_is_no_endpoint",
            "a_subscriber_cannot_say_from_where_or_through_what_is_dialled",
        ],
        ["an_ordinary_client_speaks_to_a_socket_of_the_file_system"],
    ),
    "13 one deadline for everything": (
        "wire",
        [
            "an_answer_that_takes_its_time_ends_at_the_deadline",
            "a_handshake_that_goes_nowhere_ends_at_the_deadline_or_before",
        ],
        ["a_time_limit_for_each_read_never_comes_while_something_drips"],
    ),
    "14 a bounded body, as it came": (
        "wire",
        ["of_a_body_without_end_the_beginning_is_kept_as_it_came"],
        ["an_ordinary_client_unpacks_a_few_kilobytes_into_two_hundred_megabytes"],
    ),
    "15 a bounded head": (
        "wire",
        ["a_head_without_end_is_a_failure"],
        ["the_parser_alone_takes_any_number_of_fields"],
    ),
    "16 answers are shown to their owner, as text, or not kept": (
        "interface",
        [
            "what_an_endpoint_answered_is_seen_by_its_owner_alone_and_as_text",
            "where_answers_are_not_kept_nothing_reflected_can_be_read",
        ],
        ["where_answers_are_not_kept_nothing_reflected_can_be_read"],
    ),
    "17 classes and not our network's words": (
        "interface",
        *2 * (["a_failure_is_told_as_a_class_and_says_nothing_of_the_inside"],),
    ),
    "18 fields of the subscriber's own": (
        "dialling",
        [
            "a_field_that_frames_or_signs_is_refused_in_any_letters",
            "a_value_of_two_lines_is_refused",
            "the_transport_itself_writes_no_second_line",
        ],
        ["an_ordinary_client_writes_the_callers_host_field"],
    ),
    "19 tests and exams are guarded as well": (
        "interface",
        *2 * (["tests_exams_and_questions_for_consent_are_guarded_like_every_webhook"],),
    ),
    "20 nobody is made a cannon": (
        "interface",
        [
            "one_key_points_endpoints_to_so_many_hosts_within_an_hour_and_no_more",
            "one_key_holds_so_many_endpoints_and_no_more",
            "where_the_operator_says_so_an_endpoint_that_was_not_asked_is_sent_nothing",
        ],
        [
            "without_that_limit_one_key_has_us_knock_wherever_it_likes",
            "by_default_an_endpoint_of_standard_webhooks_is_believed",
        ],
    ),
    "21 kept connections stay with their peer, and not for long": (
        "dialling",
        [
            "a_connection_that_is_too_old_is_not_used_again",
            "a_connection_that_slept_too_long_is_not_used_again",
            "what_comes_on_a_kept_connection_unasked_does_not_answer_the_next_request",
        ],
        ["a_kept_connection_stays_with_the_peer_that_was_judged"],
    ),
    "22 what the operator allows is off, said and counted": (
        "dialling",
        ["by_default_nothing_of_the_inside_is_allowed_and_nothing_is_said"],
        ["what_the_operator_allows_is_said_at_the_start_and_counted"],
    ),
}


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_has_its_attack_and_its_control(check: str) -> None:
    module, refusals, controls = CHECKS[check]
    found = importlib.import_module(f"tests.attacks.test_{module}")

    assert refusals
    assert controls
    for name in (*refusals, *controls):
        assert callable(getattr(found, f"test_{name}", None)), name


def test_no_check_is_left_out() -> None:
    assert [int(check.split()[0]) for check in CHECKS] == list(range(1, 23))
