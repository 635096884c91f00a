"""Expressions as templates for shops use them, and documents to try them on."""

from hypothesis import strategies as st

EXPRESSIONS = (
    # paths, filters, and one line that is not a list
    "order.lines.sku",
    "[order.lines.{'sku': sku, 'price': price}]",
    "order.lines[].{'sku': sku}",
    "order.lines.{'sku': sku}[]",
    "order.lines[price > 10].sku",
    "order.lines[kind = 'product'][0].name",
    "order.lines[-1]",
    "order.lines[sku != 'a' and quantity >= 1].(price * quantity)",
    "[order.lines[$contains(sku, 'a')].sku]",
    "order.lines@$l.{'id': $$.order.id, 'sku': $l.sku}",
    "order.lines#$i.{'position': $i + 1, 'sku': sku}",
    "order.lines.(%.id)",
    "order.*.sku",
    "order.**.price",
    "order.lines^(price).sku",
    "order.lines^(>price, <sku).sku",
    "order.lines{sku: $sum(price)}",
    "$$.order.lines.sku",
    # numbers
    "$sum(order.lines.price)",
    "$round($sum(order.lines.(price * quantity)), 2)",
    "$round(order.minor / 100, 2)",
    "{'a': order.minor % 7, 'b': -order.minor, 'c': order.minor - 0.5}",
    "$average(order.lines.price)",
    "[$max(order.lines.price), $min(order.lines.price), $abs(order.minor), $floor(order.price)]",
    "[$ceil(order.price), $round(order.price), $sqrt(order.quantity)]",
    "$count(order.lines)",
    "$number(order.text)",
    "$string(order.price)",
    "'total: ' & order.price & ' ' & order.currency",
    # texts
    "{'u': $uppercase(order.name), 'l': $lowercase(order.name), 'n': $length(order.name)}",
    "[$substring(order.name, 0, 3), $substring(order.name, -2), $substring(order.name, 1)]",
    "[$substringBefore(order.name, ' '), $substringAfter(order.name, ' ')]",
    "$split(order.name, ',')",
    "$split(order.name, ' ')[0]",
    "$join(order.lines.sku, ', ')",
    "$replace(order.name, 'a', 'b')",
    "$contains(order.name, 'a')",
    "$base64encode(order.name)",
    # objects and lists
    "$keys(order)",
    "$lookup(order, 'name')",
    "$merge([{'a': 1}, {'b': order.name}, order.lines[0]])",
    "$append(order.lines.sku, 'z')",
    "$reverse(order.lines.sku)",
    "$sort(order.lines.price)",
    "$distinct(order.lines.sku)",
    "$exists(order.none)",
    "[$boolean(order.name), $not(order.price), $type(order.lines)]",
    "$each(order.lines[0], function($v, $k) {$k})",
    "$sift(order.lines[0], function($v, $k) {$k != 'sku'})",
    # functions and decisions
    "$map(order.lines, function($l, $i) {$i & $l.sku})",
    "$filter(order.lines, function($l) {$l.price > 1}).sku",
    "order.lines ~> $filter(function($l) {$l.quantity > 1}) ~> $count",
    "order.name ~> $uppercase ~> $length",
    "$single(order.lines[sku = 'a'], function($l) {true})",
    "($f := function($l) {$l.price * $l.quantity}; $sum($map(order.lines, $f)))",
    "order.price > 100 ? 'high' : order.price > 10 ? 'middle' : 'low'",
    "order.none ? 1",
    "order.none ?? order.name",
    "order.name ?: 'nobody'",
    "order.currency in ['EUR', 'JPY']",
    "order.name = 'a' or order.price < 5 and $not(order.none)",
    # time
    "$now()",
    "$toMillis('2026-03-01T12:30:15.250Z') = $millis()",
    "$fromMillis($millis(), '[Y0001]-[M01]-[D01]')",
)

_texts = st.text(max_size=12) | st.sampled_from(
    ["a", "a b", "b,c", "", "12.50", "Zoë Straße", "5890840712243076"]
)
_prices = st.decimals(0, 10**7, places=2).map(float) | st.integers(0, 10**9)
_lines = st.fixed_dictionaries(
    {"sku": st.sampled_from(["a", "b", "ab", ""]) | _texts, "price": _prices, "quantity": st.integers(0, 99)},
    optional={"name": _texts, "kind": st.sampled_from(["product", "promotion"])},
)
documents = st.fixed_dictionaries(
    {
        "order": st.fixed_dictionaries(
            {"id": st.sampled_from(["1", "5890840712243076"]), "minor": st.integers(0, 10**12)},
            optional={
                "name": _texts,
                "text": _texts,
                "price": _prices,
                "quantity": st.integers(0, 99),
                "currency": st.sampled_from(["EUR", "KWD"]),
                "lines": st.lists(_lines, max_size=4),
            },
        )
    }
)
