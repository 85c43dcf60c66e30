// Checks an AsyncAPI document, given on standard input, with the parser of the AsyncAPI project.
// Usage: check.mjs [EXPECTED OPERATION…]; exit status 1 when it is not valid or lacks an operation.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// From the folder that it is called in, where the parser was installed.
const require = createRequire(process.cwd() + "/");
const { Parser } = require("@asyncapi/parser");

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { path, message } of errors) console.log(`${path.join(".")}: ${message}`);
if (errors.length > 0 || !document) process.exit(1);

const operations = document.operations().all().map((operation) => operation.id());
const missing = process.argv.slice(2).filter((id) => !operations.includes(id));
if (missing.length > 0) {
  console.log(`no operation ${missing.join(", ")} among ${operations.join(", ")}`);
  process.exit(1);
}
console.log(`AsyncAPI ${document.version()}: ${operations.length} operations, all as expected`);
