"""A policy that would make two people of one shopper is refused before anything is sent."""

from terminal import SETTINGS, Terminal


def test_a_policy_that_contradicts_itself_fails_the_doctor(terminal: Terminal) -> None:
    terminal.settings(SETTINGS + '[stores.main.identity]\nguest = "email"\nlink = "identify"\n')

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert "stores.main.identity.link: with guest = 'email'" in result.output


def test_two_stores_that_call_one_shopper_by_two_ids_fail_the_doctor(terminal: Terminal) -> None:
    other = SETTINGS.replace("stores.main", "stores.other").replace("0f2c6a53", "1f2c6a53")
    terminal.settings(SETTINGS + other + '[stores.other.identity]\nprefer = ["customer"]\n')

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert "where one shopper would become two people" in " ".join(result.output.split())
