// Elastic Path's own SDK reads a store: a token, orders with items, filter, sort, one order, transactions, people.
// What it read goes to standard output as JSON; the test compares it with the truth.

import { createRequire } from "node:module";

const { gateway, MemoryStorageFactory } = createRequire(import.meta.url)("@moltin/sdk");
const [host, client_id, client_secret, since] = process.argv.slice(2);
for (const chat of ["log", "info", "warn", "error"]) console[chat] = () => {}; // the SDK talks on standard output

const store = gateway({
  client_id,
  client_secret,
  host,
  protocol: "http",
  storage: new MemoryStorageFactory(),
  retryDelay: 10,
  retryJitter: 10,
});

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (answer) {
    return answer;
  }
}

const found = [];
let items = [];
for (let offset = 0, page; !page || page.links.next; offset += 10) {
  page = await store.Orders.With("items")
    .Filter({ ge: { updated_at: `"${since}"` }, eq: { payment: "paid" } })
    .Sort("created_at")
    .Limit(10)
    .Offset(offset)
    .All();
  found.push(...page.data);
  items = items.concat(page.included.items);
}
const customers = [];
for (let offset = 0, page; !page || page.data.length === 10; offset += 10) {
  page = await store.Customers.Filter({ ge: { updated_at: `"${since}"` } })
    .Sort("updated_at")
    .Limit(10)
    .Offset(offset)
    .All();
  customers.push(...page.data);
}
const members = await store.AccountMembers.Sort("-updated_at").Limit(100).All();
const first = found[0].id;
const report = {
  orders: found.map((order) => order.id),
  items: items.map((item) => item.id),
  order: (await store.Orders.Get(first)).data,
  lines: (await store.Orders.Items(first)).data,
  transactions: (await store.Transactions.All({ order: first })).data,
  currencies: (await store.Currencies.All()).data.map((currency) => currency.code),
  customers: customers.map((customer) => customer.id),
  customer: (await store.Customers.Get(customers[0].id)).data,
  addresses: (await store.CustomerAddresses.All({ customer: customers[0].id })).data,
  members: members.data.map((member) => member.id),
  member: (await store.AccountMembers.Get(members.data[0].id)).data,
  members_since: await refusal(store.AccountMembers.Filter({ ge: { updated_at: `"${since}"` } }).All()),
  bad_filter: await refusal(store.Orders.Filter({ eq: { id: first } }).All()),
  unknown: await refusal(store.Orders.Get("00000000-0000-4000-8000-000000000000")),
};
process.stdout.write(JSON.stringify(report));
