// The JavaScript engine. Each line asked: how many CPU seconds to work; answered: evaluations, CPU seconds.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import jsonata from "jsonata";

const [template, documents] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const compiled = jsonata(template);
const inputs = JSON.parse(documents);
const spent = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "answers") {
    const answers = [];
    for (const input of inputs) answers.push(await compiled.evaluate(input));
    console.log(JSON.stringify(answers));
    continue;
  }
  const begun = spent();
  let count = 0;
  while (spent() - begun < Number(line)) await compiled.evaluate(inputs[count++ % inputs.length]);
  console.log(JSON.stringify([count, spent() - begun]));
}
