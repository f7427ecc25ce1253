"""What the school's policy demands, sentence by sentence, and the tests that prove it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """One demand. proofs: `file::test`, in tests/. open: what no test proves yet, if anything."""

    id: str
    sentence: str
    proofs: tuple[str, ...] = ()
    open: str = ""


def demand(id_: str, sentence: str, *proofs: str, open: str = "") -> Requirement:
    """One line of the register."""
    return Requirement(id_, sentence, proofs, open)


REQUIREMENTS: tuple[Requirement, ...] = (
    demand(
        "R1",
        "The policy can be read in chat and on the web, in Thai, with its version.",
        "portal/test_public.py::test_policy_and_notice_stand_apart",
        "scenarios/chat/test_policy_in_chat.py::test_the_chat_leads_to_the_current_version",
    ),
    demand(
        "R2",
        "Two protected surfaces, web access and stored data, each with its own tests.",
        "portal/test_sweeps.py::test_pages_need_a_session_unless_they_are_public",
        "scenarios/chat/test_canary.py::test_nothing_of_a_person_is_in_the_clear",
        "architecture/test_data_map.py::"
        "test_every_claim_of_the_security_page_names_a_test_that_exists",
    ),
    demand(
        "R3",
        "The standards claimed are a table with a test for each clause.",
        "architecture/test_data_map.py::"
        "test_every_claim_of_the_security_page_names_a_test_that_exists",
    ),
    demand(
        "R4",
        "Every act of staff on personal data needs a role and a reason and leaves an audit entry.",
        "scenarios/privacy/test_rights_answers.py::test_reading_a_note_is_written_into_the_audit_trail",
        "console/test_roles.py::test_a_view_opens_exactly_to_the_roles_that_may",
        "console/test_learners.py::test_without_a_reason_nothing_is_shown",
    ),
    demand(
        "R5",
        "Misuse by insiders is prevented and noticed.",
        "console/test_learners.py::test_so_many_looks_a_day_and_no_more",
        "console/test_audit_trail.py::test_reading_is_an_act",
        "services/campaigns/test_campaigns.py::test_nobody_approves_their_own",
    ),
    demand(
        "R6",
        "Only what a service needs is stored: a matrix of field, service and purpose.",
        "scenarios/accounts/test_registration.py::test_exactly_the_four_details_are_asked",
        "architecture/test_data_map.py::test_every_table_is_in_the_map_or_says_why_not",
    ),
    demand(
        "R7",
        "Enrolment asks for name, phone, e-mail and LINE ID, and nothing else.",
        "scenarios/accounts/test_registration.py::test_exactly_the_four_details_are_asked",
    ),
    demand(
        "R8",
        "Each detail is checked and can be corrected before it is kept.",
        "services/people/test_inputs.py::test_phones_that_are_kept",
        "services/people/test_inputs.py::test_addresses_that_are_asked_again",
        "scenarios/accounts/test_summary.py::test_one_item_is_changed_and_the_others_stay",
    ),
    demand(
        "R9",
        "The typed LINE ID and LINE's userId stand apart, both encrypted, never in a log.",
        "models/test_crypto.py::test_every_column_that_is_called_sealed_has_its_attribute",
        "scenarios/chat/test_canary_logs.py::test_whatever_goes_wrong_the_log_holds_ids_only",
    ),
    demand(
        "R10",
        "Looking at courses stores none of the four details.",
        "scenarios/consent/test_consent.py::test_declining_leaves_nothing_that_says_who_it_was",
        "scenarios/consent/test_consent.py::test_no_detail_is_stored_before_the_consent",
        "services/privacy/test_retention.py::test_a_day_before_it_is_kept_and_a_day_after_it_is_gone",
    ),
    demand(
        "R11",
        "A finished enrolment gives working access.",
        "browser/test_story.py::test_from_hello_to_a_lesson",
        "providers/test_contract.py::test_an_account_opens_with_its_first_password",
    ),
    demand(
        "R12",
        "Five purposes in a register; every use of personal data names one.",
        open="consents have three purposes and sends name theirs; not every read names one",
    ),
    demand(
        "R13",
        "The account can be seen, corrected, suspended and closed.",
        "scenarios/accounts/test_account.py::test_the_card_hides_what_need_not_be_read_over_a_shoulder",
        "scenarios/accounts/test_my_account.py::test_a_detail_is_changed_after_old_and_new_were_shown",
        "scenarios/auth/test_reset_freeze.py::test_the_button_freezes_at_once",
        "scenarios/accounts/test_my_account_close.py::test_closing_ends_the_way_in_and_all_news",
        "portal/test_sign_in.py::test_a_closed_account_is_out_at_once",
    ),
    demand(
        "R14",
        "The customer sees the history of the account, without secrets.",
        "scenarios/privacy/test_my_history.py::test_every_place_tells_its_part_newest_first",
        "scenarios/privacy/test_my_history.py::test_no_entry_holds_a_secret_or_a_detail",
    ),
    demand(
        "R15",
        "Legal hold, record of processing, periods for logs, register of orders.",
        "services/privacy/test_retention.py::test_a_hold_keeps_everything_of_that_person",
        "services/privacy/test_erasure.py::test_a_hold_stops_it_and_nothing_is_changed",
        "services/privacy/test_records.py::test_the_record_of_processing_has_every_part_of_section_39",
        "services/privacy/test_records.py::test_an_order_needs_agency_number_and_two_people",
        open="log files are rotated outside this system",
    ),
    demand(
        "R16",
        "Statistics never tell of a person.",
        "services/statistics/test_statistics.py::test_no_small_part_can_be_worked_out_from_the_sum",
        "services/statistics/test_statistics.py::test_what_is_shown_is_hidden_where_it_is_small",
    ),
    demand(
        "R17",
        "Interests are recorded in the open, can be seen and taken back.",
        "scenarios/subscriptions/test_news.py::test_a_topic_is_left_out_and_taken_again_with_one_tap_each",
        "portal/test_news_page.py::test_topics_are_ticked",
    ),
    demand(
        "R18",
        "News has kinds, and a subscriber chooses among them.",
        "services/subscriptions/test_topics.py::test_ours_has_the_four_kinds_of_the_policy",
        "scenarios/subscriptions/test_news_sending.py::test_a_topic_that_was_never_chosen_is_not_sent",
    ),
    demand(
        "R19",
        "News on LINE has a consent of its own.",
        "services/consent/test_consent_fold.py::test_a_yes_to_one_channel_is_none_to_the_other",
        "scenarios/accounts/test_registration.py::test_the_ledger_holds_what_was_said_to_which_words",
    ),
    demand(
        "R20",
        "Data is used for nothing else.",
        "portal/test_sweeps.py::test_nothing_comes_from_elsewhere",
        "security/test_outgoing.py::test_nothing_else_is_spoken_to",
    ),
    demand(
        "R21",
        "Disclosure is refused unless one of three grounds is proved.",
        "services/privacy/test_records.py::test_without_exactly_one_ground_nothing_is_given",
        "architecture/test_data_map.py::test_only_the_adapters_speak_to_the_outside",
    ),
    demand(
        "R22",
        "What can be disclosed is a list, identifying data included.",
        "services/privacy/test_records.py::test_only_items_of_the_list_can_be_given",
    ),
    demand(
        "R23",
        "Disclosure by consent stops with its withdrawal.",
        "services/privacy/test_records.py::test_a_withdrawn_consent_gives_nothing_more",
        open="consents name purposes; none names a recipient of its own yet",
    ),
    demand(
        "R24",
        "Processors are registered, and each gets no more than it needs.",
        "services/privacy/test_records.py::test_a_processor_gets_only_what_it_needs",
        open="dates of contracts: facts of the owner's",
    ),
    demand(
        "R25",
        "An order needs its agency, its number and two people.",
        "services/privacy/test_records.py::test_an_order_needs_agency_number_and_two_people",
    ),
    demand(
        "R26",
        "The customer's export lists every disclosure.",
        "services/privacy/test_records.py::test_a_disclosure_is_in_the_persons_export",
        "services/privacy/test_erasure.py::test_an_export_finds_the_person_in_every_table",
    ),
    demand(
        "R27",
        "Nobody learns of somebody else's account, not even that there is one.",
        "scenarios/accounts/test_duplicates.py::test_the_answers_do_not_tell_that_a_detail_is_known",
        "scenarios/auth/test_reset.py::test_nothing_typed_makes_the_bot_tell_of_somebody_elses_account",
        "portal/test_sign_in.py::test_known_and_unknown_usernames_get_the_same_answer",
        "portal/test_links.py::test_live_used_expired_replaced_and_unknown_look_the_same",
    ),
    demand(
        "R28",
        "The system makes username and first password.",
        "portal/test_passwords.py::test_initial_passwords_carry_eighty_bits_and_no_lookalikes",
    ),
    demand(
        "R29",
        "Usernames are unlike, typeable, and not made of personal data.",
        "portal/test_passwords.py::test_usernames_are_unlike_each_other_and_easy_to_type",
    ),
    demand(
        "R30",
        "The password appears on the one-time page and nowhere else.",
        "portal/test_links.py::test_nothing_of_it_is_kept_or_told",
        "portal/test_links.py::test_the_password_is_nowhere_in_the_database_files",
        "portal/test_resets.py::test_nothing_of_it_is_kept_or_told",
    ),
    demand(
        "R31",
        "With the password come both duties: keep it secret, log out.",
        "portal/test_links.py::test_the_link_opens_once_and_says_both_duties",
    ),
    demand(
        "R32",
        "Nobody asks for a password; one that is typed is not kept, with a warning.",
        "scenarios/auth/test_reset_typed.py::test_nothing_of_it_is_kept",
        "scenarios/auth/test_reset_typed.py::test_in_the_middle_of_a_registration_it_is_no_answer",
    ),
    demand(
        "R33",
        "Log-out is on every page and ends the session on the server.",
        "portal/test_sign_in.py::test_log_out_ends_the_session_on_the_server",
        "portal/test_sign_in.py::test_log_out_stands_on_every_page_of_a_signed_in_person",
    ),
    demand(
        "R34a",
        "The advice on security can be read in chat and on the web.",
        "scenarios/chat/test_policy_in_chat.py::"
        "test_the_advice_has_its_four_parts_in_chat_and_on_the_web",
    ),
    demand(
        "R34",
        "A reset ends the old password and all sessions, and is told on every channel.",
        "scenarios/auth/test_reset.py::test_a_reset_from_the_words_to_the_new_password",
        "scenarios/auth/test_reset.py::test_each_reset_is_told_once_in_each_channel",
        "portal/test_links.py::test_it_ends_open_sessions",
    ),
    demand(
        "R35",
        "Only cookies that are needed, all of them known.",
        "portal/test_sweeps.py::test_no_get_changes_anything_and_every_cookie_is_known",
        "portal/test_sweeps.py::test_nothing_comes_from_elsewhere",
    ),
    demand("R36", "Cookies are small.", "portal/test_sessions.py::test_the_cookies_properties"),
    demand(
        "R37",
        "Cookies are encrypted and cannot be altered.",
        "portal/test_sessions.py::test_the_value_is_unreadable_and_holds_nothing_of_the_person",
        "portal/test_sessions.py::test_every_flipped_byte_is_rejected",
    ),
    demand(
        "R38",
        "Cookies hold no customer data.",
        "portal/test_sessions.py::test_the_value_is_unreadable_and_holds_nothing_of_the_person",
        "portal/test_sessions.py::test_sign_in_and_password_change_give_new_references",
    ),
    demand(
        "R39",
        "After log-out nothing can be brought back.",
        "portal/test_sign_in.py::test_log_out_ends_the_session_on_the_server",
        "browser/test_story.py::test_from_hello_to_a_lesson",
    ),
    demand(
        "R40",
        "Nothing is left on the device: no Max-Age, no storage.",
        "portal/test_sessions.py::test_the_cookies_properties",
    ),
    demand(
        "R41",
        "Without cookies there is help and no loop.",
        "portal/test_sessions.py::test_without_cookies_there_is_help_and_no_loop",
    ),
    demand(
        "R42",
        "Every e-mail is archived before it is sent.",
        "mail/test_mail_crash.py::test_a_notice_arrives_in_the_end",
        "mail/test_sending.py::test_what_was_sent_stays_readable_as_the_archive",
        open="e-mails that come in",
    ),
    demand(
        "R43",
        "E-mails are kept with address, date, id and text.",
        "mail/test_sending.py::test_what_was_sent_stays_readable_as_the_archive",
        open="e-mails that come in",
    ),
    demand("R44", "Answers are tied to their questions.", open="e-mails that come in"),
    demand(
        "R45", "The archive can be searched, each person in their own.", open="e-mails that come in"
    ),
    demand(
        "R46",
        "The archive can be erased by law, and a tombstone with a hash stays.",
        "services/privacy/test_erasure.py::test_a_mail_leaves_a_tombstone_with_a_keyed_hash",
        open="that nobody alters a mail in the archive",
    ),
    demand(
        "R47",
        "The archive has a period and is encrypted.",
        "services/privacy/test_retention.py::test_a_day_before_it_is_kept_and_a_day_after_it_is_gone",
        "scenarios/chat/test_canary.py::test_nothing_of_a_person_is_in_the_clear",
        open="the period itself is the owner's to choose",
    ),
    demand(
        "R48",
        "No archived e-mail holds a secret.",
        "mail/test_sending.py::test_a_link_is_filled_in_when_it_is_sent_and_stored_nowhere",
    ),
    demand(
        "R49",
        "News comes occasionally: a limit for each person.",
        "scenarios/subscriptions/test_news_sending.py::test_the_fifth_news_within_thirty_days_is_left_out",
        "scenarios/campaigns/test_campaign_holding.py::test_it_does_not_begin_at_night_and_is_not_late_for_that",
    ),
    demand(
        "R50",
        "Every news says why it comes and stops with one click.",
        "scenarios/subscriptions/test_news_sending.py::test_a_mail_says_why_it_comes_and_how_to_stop",
        "mail/test_mime.py::test_news_say_how_to_stop_as_rfc_8058_wants",
    ),
    demand(
        "R51",
        "What is unsent on LINE is removed.",
        "scenarios/chat/test_drafts.py::test_an_unsent_message_takes_its_detail_with_it",
        open="an archive of questions and answers on LINE",
    ),
)
