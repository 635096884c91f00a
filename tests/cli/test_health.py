"""`commerce-events health`: counts and an exit code, and nobody's address."""

from terminal import Terminal


def lines(output: str) -> list[str]:
    return [" ".join(line.split()) for line in output.splitlines()]


def test_go_and_no_go(terminal: Terminal) -> None:
    nothing = terminal.run("health")
    terminal.shop.pay(terminal.shop.place_order(currency="USD", buyer="guest"))
    terminal.sync()
    good = terminal.run("health")
    file = terminal.include / "templates/segment/elasticpath/checkout_started.jsonata"
    file.write_text(file.read_text().replace('"email": email,', ""))
    order = terminal.shop.place_order(currency="USD", buyer="guest")
    terminal.sync()
    bad = terminal.run("health", "--days", "2")
    allowed = terminal.run("health", "--allow", "checkout_without_email=1")

    assert (nothing.exit_code, good.exit_code, bad.exit_code, allowed.exit_code) == (1, 0, 1, 0)
    assert "No-go: there is nothing to look at." in nothing.output
    assert f"NO checkout_without_email 1 {order}" in lines(bad.output)
    assert "@" not in good.output + bad.output


def test_an_allowance_that_says_nothing_is_explained(terminal: Terminal) -> None:
    result = terminal.run("health", "--allow", "nonsense")

    assert result.exit_code == 2
    assert "FAULT=COUNT" in result.output
