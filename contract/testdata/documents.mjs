// Has AsyncAPI's own parser read documents, and prints what it says of each: errors and
// warnings.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  const wrong = diagnostics.filter((d) => d.severity < 2).map((d) => `${d.path.join("/")}: ${d.message}`);
  if (!document && wrong.length === 0) wrong.push("there is no document");
  console.log(JSON.stringify({ Name: basename(file), Wrong: wrong.join("\n") }));
}
