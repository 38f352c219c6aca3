// Prints what TypeScript's language service, which editors ask, completes in a file at the place of the mark /*|*/:
// the names that go on from what stands in front of it, and of the first one its signature and comment, as JSON.
//
//	node complete.mjs page.ts
//
// It needs the package typescript-6.0 of package.json.
import { resolve } from "node:path";
import ts from "typescript-6.0";

const mark = "/*|*/";
const file = resolve(process.argv[2]);
const marked = ts.sys.readFile(file);
const at = marked.indexOf(mark);
const text = marked.slice(0, at) + marked.slice(at + mark.length);
const begun = /[\w$]*$/.exec(text.slice(0, at))[0];

const { ES2022 } = ts.ScriptTarget;
const settings = { strict: true, target: ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] };
const read = (name) => (name === file ? text : ts.sys.readFile(name));
const service = ts.createLanguageService({
  getCompilationSettings: () => settings,
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => (read(name) === undefined ? undefined : ts.ScriptSnapshot.fromString(read(name))),
  getCurrentDirectory: () => process.cwd(),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: read,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

const all = service.getCompletionsAtPosition(file, at, {})?.entries ?? [];
const fitting = all.filter((entry) => entry.name.startsWith(begun));
fitting.sort((a, b) => (a.sortText + a.name < b.sortText + b.name ? -1 : 1));
const [first] = fitting;
const details = first && service.getCompletionEntryDetails(file, at, first.name, undefined, first.source, undefined, first.data);
const joined = (parts) => (parts ?? []).map((part) => part.text).join("");

console.log(
  JSON.stringify({
    begun,
    entries: fitting.map(({ name, kind }) => ({ name, kind })),
    signature: joined(details?.displayParts),
    documentation: joined(details?.documentation),
  }),
);
