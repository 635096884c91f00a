"""What a database says when it fails is logged by tasks: nobody's ids or addresses are in it."""

import pytest
from pipeline import Pipeline, settings
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_a_connection_lost_while_writing_does_not_say_whose_order_it_was(line: Pipeline) -> None:
    line.settings = settings(identity={"guest": "email", "link": "none"})
    line.shop.pay(line.shop.place_order(buyer="guest"))
    engine = line.ledger.engine

    @event.listens_for(engine, "before_cursor_execute")
    def lose(connection, cursor, statement, *_):
        if statement.startswith("INSERT INTO record"):
            with engine.connect() as other:
                pid = {"pid": cursor.connection.info.backend_pid}
                other.execute(text("SELECT pg_terminate_backend(:pid)"), pid)

    with pytest.raises(DBAPIError) as lost:
        line.capture()
    event.remove(engine, "before_cursor_execute", lose)

    assert "INSERT INTO record" in str(lost.value)
    assert "@example.com" not in str(lost.value)
