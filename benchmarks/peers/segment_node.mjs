// @segment/analytics-node: as its documents have it, or with the best settings we found.
import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const [path, url, how] = process.argv.slice(2);
const messages = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const best = how === "best" ? { flushAt: 400, maxEventsInBatch: 400 } : {};
const analytics = new Analytics({ writeKey: "sandbox-write-key", host: url, ...best });
analytics.on("error", () => {});

const wall = performance.now(), used = process.cpuUsage();
for (const { userId, event, properties, context, timestamp, messageId } of messages) {
  analytics.track({ userId, event, properties, context, timestamp: new Date(timestamp), messageId });
}
await analytics.closeAndFlush({ timeout: 120_000 });
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1e3 }));
process.exit(0);
