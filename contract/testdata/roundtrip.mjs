// Validates values by ajv, parses them and prints them again.
//
//	node roundtrip.mjs document.json bundle.json lines.json
//
// A line is an object with the key of a message, the frame, its data part by part, and
// perhaps the name of the type that the data are of. Of each line it prints the parts,
// and what is wrong.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";

const [, , documentFile, bundleFile, linesFile] = process.argv;
const options = { strict: false, validateFormats: false, validateSchema: false };
const { components } = JSON.parse(readFileSync(documentFile, "utf8"));
const document = new Ajv(options);
document.addSchema({ $id: "document", components });
const bundle = new Ajv2020(options);
bundle.addSchema({ ...JSON.parse(readFileSync(bundleFile, "utf8")), $id: "bundle" });

const compiled = new Map();
/** What ajv says of a value, by one of its instances. */
const fits = (ajv, ref, value) => {
  let validate = compiled.get(ref);
  if (!validate) compiled.set(ref, (validate = ajv.compile({ $ref: ref })));
  return validate(value) ? "" : `${ref}: ${ajv.errorsText(validate.errors)}`;
};

const out = [];
for (const text of readFileSync(linesFile, "utf8").split("\n")) {
  if (text === "") continue;
  const { key, frame, parts, def, frees } = JSON.parse(text);
  const node = parts.map((part) => JSON.stringify(JSON.parse(part)));
  const wrong = [];
  if (!frees) wrong.push(fits(document, `document#/components/messages/${key}/payload`, JSON.parse(frame)));
  if (def && !frees) wrong.push(fits(bundle, `bundle#/$defs/${encodeURIComponent(def)}`, JSON.parse(parts[0])));
  out.push(JSON.stringify({ node, wrong: wrong.filter((w) => w !== "").join("; ") }));
}
process.stdout.write(out.join("\n") + "\n");
