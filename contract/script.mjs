// Prints templates/tsclient/wsgen.ts as JavaScript: without its types, and with those of what a user sees in
// JSDoc, where editors and TypeScript read them. It knows what that file is written with, and no more.
//
//	node script.mjs wsgen.ts
//
// It needs the package typescript-6.0 of package.json. What it prints is laid out by prettier.
import { readFileSync } from "node:fs";
import ts from "typescript-6.0";

const kind = ts.SyntaxKind;
const text = readFileSync(process.argv[2], "utf8");
const source = ts.createSourceFile("wsgen.ts", text, ts.ScriptTarget.ES2022, true);
const edits = []; // {from, to, text}, in any order, none in another

const replace = (from, to, text) => edits.push({ from, to, text });
const remove = (from, to) => replace(from, to, "");
const token = (node, which) => node.getChildren().find((child) => child.kind === which);
const has = (node, which) => node.modifiers?.some((m) => m.kind === which) ?? false;
const exported = (node) => has(node, kind.ExportKeyword);

// ---- types, in one line of a comment

const line = (node) => node.getText().replace(/\s+/g, " ").trim();
const jsdoc = (node) => node.jsDoc?.at(-1);
const says = (node) => ts.getTextOfJSDocComment(jsdoc(node)?.comment) ?? "";

/** The tags for the parameters of types. */
function templates(node) {
  return (node.typeParameters ?? []).map((p) => {
    const bound = p.constraint ? `{${line(p.constraint)}} ` : "";
    return `@template ${bound}${p.name.text}`;
  });
}

/** The type of a parameter; one that is not written is that of a literal. */
function parameterType({ type, initializer }) {
  if (type) return line(type);
  if (ts.isNumericLiteral(initializer)) return "number";
  if (ts.isStringLiteral(initializer)) return "string";
  throw new Error(`no type: ${initializer.parent.getText()}`);
}

/** The tags for the parameters of a function, and for what it returns. */
function signature(node) {
  const tags = templates(node);
  for (const p of node.parameters) {
    const optional = p.questionToken || p.initializer;
    tags.push(`@param {${parameterType(p)}} ${optional ? `[${p.name.text}]` : p.name.text}`);
  }
  if (node.type) tags.push(`@returns {${line(node.type)}}`);
  return tags;
}

/** The type of a member of an interface. */
function memberType(member) {
  if (!ts.isMethodSignature(member)) return line(member.type);
  return `(${member.parameters.map(line).join(", ")}) => ${line(member.type)}`;
}

function property(member) {
  const name = member.questionToken ? `[${member.name.text}]` : member.name.text;
  const about = says(member).replace(/\s+/g, " ");
  return `@property {${memberType(member)}} ${name}${about && ` - ${about}`}`;
}

function comment(about, tags) {
  const lines = [...(about ? about.split("\n") : []), ...(about && tags.length > 0 ? [""] : []), ...tags];
  if (lines.length === 1) return `/** ${lines[0]} */`;
  return ["/**", ...lines.map((l) => ` * ${l}`.trimEnd()), " */"].join("\n");
}

/** Puts tags into the comment of a node, or makes it one. */
function document(node, tags) {
  if (tags.length === 0) return;
  const now = jsdoc(node);
  const written = comment(says(node), tags);
  if (now) replace(now.pos, now.end, written);
  else replace(node.getStart(), node.getStart(), `${written}\n`);
}

// ---- declarations

const begins = (node) => jsdoc(node)?.pos ?? node.getStart();

/** A type becomes a comment if it is a user's to know. */
function declared(node) {
  if (!exported(node)) return remove(begins(node), node.end);
  const tags = templates(node);
  if (ts.isInterfaceDeclaration(node)) tags.push(`@typedef {object} ${node.name.text}`, ...node.members.map(property));
  else tags.push(`@typedef {${line(node.type)}} ${node.name.text}`);
  replace(begins(node), node.end, comment(says(node), tags));
}

/** The members of a class that a user sees get tags. */
function members(node) {
  for (const member of node.members) {
    if (member.name && ts.isPrivateIdentifier(member.name)) continue;
    if (ts.isGetAccessor(member)) document(member, [`@returns {${line(member.type)}}`]);
    else if (ts.isMethodDeclaration(member) || ts.isConstructorDeclaration(member)) document(member, signature(member));
    else if (member.type) document(member, [...(has(member, kind.ReadonlyKeyword) ? ["@readonly"] : []), `@type {${line(member.type)}}`]);
  }
}

// ---- what is no JavaScript

const erased = [kind.ReadonlyKeyword, kind.OverrideKeyword];

function strip(node) {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return declared(node);
  for (const m of node.modifiers ?? []) {
    if (erased.includes(m.kind)) remove(m.getStart(), m.end + 1);
  }
  if (ts.isClassDeclaration(node) && exported(node)) {
    document(node, templates(node));
    members(node);
  }
  if (node.typeParameters || node.typeArguments) {
    remove(token(node, kind.LessThanToken).getStart(), token(node, kind.GreaterThanToken).end);
  }
  if (ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) {
    const end = node.type?.end ?? node.questionToken?.end;
    if (end) remove(node.name.end, end);
  } else if (ts.isFunctionLike(node) && node.type) {
    remove(token(node, kind.CloseParenToken).end, node.type.end);
  } else if (ts.isAsExpression(node) || ts.isNonNullExpression(node)) {
    remove(node.expression.end, node.end);
  }
  ts.forEachChild(node, (child) => {
    if (!ts.isTypeNode(child) || ts.isExpressionWithTypeArguments(child)) strip(child);
  });
}

strip(source);

let out = "";
let done = 0;
edits.sort((a, b) => a.from - b.from || a.to - b.to);
for (const { from, to, text: by } of edits) {
  if (from < done) throw new Error(`two edits at ${JSON.stringify(text.slice(from, from + 40))}`);
  out += text.slice(done, from) + by;
  done = to;
}
process.stdout.write(out + text.slice(done));
