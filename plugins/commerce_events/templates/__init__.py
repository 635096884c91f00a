"""JSONata templates: loading, checking and evaluating them."""
