// Has ajv hold bundles of JSON Schema to the meta-schema of their draft, and compile each
// of their types. Prints what it says of each.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";

for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  const bundle = JSON.parse(text);
  // Formats such as int64, and x-wsgen, are no words of JSON Schema.
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const say = (name, look) => {
    let wrong = "";
    try {
      look();
    } catch (e) {
      wrong = e.message;
    }
    console.log(JSON.stringify({ name, wrong }));
    return wrong === "";
  };
  if (!say(basename(file), () => ajv.addSchema(bundle))) continue;
  for (const [, address] of text.matchAll(/"\$(?:id|ref)": "([^"]*)"/g)) {
    if (!/^[!-~]+$/.test(address)) console.log(JSON.stringify({ name: address, wrong: "it is no URI" }));
  }
  for (const name of Object.keys(bundle.$defs)) {
    say(name, () => {
      if (!ajv.getSchema(`${bundle.$id}#/$defs/${encodeURIComponent(name)}`)) throw new Error("it is not found");
    });
  }
}
