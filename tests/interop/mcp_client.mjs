// The official TypeScript MCP client against a plugin executable: list, call, error case.
//
// usage: node mcp_client.mjs NODE_MODULES COMMAND CALLS ENV
// (CALLS: JSON, [[tool, arguments], ...]; ENV: JSON, the variables that the executable gets besides the client's)
// Prints one JSON object: {tools, pages, records, answers, warnings, unfit}. `pages` are the numbers of tools on
// each page; `records` what came into the log view, from `debug` on after the first call. `warnings` is all that was printed on
// the way; `unfit` the arguments that do not fit the tool's schema by the client's own validator.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, command, calls, env] = process.argv.slice(2);
const warnings = [];
for (const level of ["debug", "error", "info", "log", "warn"]) {
  console[level] = (...parts) => warnings.push(parts.map(String).join(" "));
}
process.on("warning", (warning) => warnings.push(String(warning)));

const require = createRequire(`${folder}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const sdk = "@modelcontextprotocol/sdk";
const { Client } = await load(`${sdk}/client/index.js`);
const { StdioClientTransport } = await load(`${sdk}/client/stdio.js`);
const { LoggingMessageNotificationSchema } = await load(`${sdk}/types.js`);
const { AjvJsonSchemaValidator } = await load(`${sdk}/validation/ajv`);

const client = new Client({ name: "dagstack-tests", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command, env: JSON.parse(env) }));
const records = [];
client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
  records.push(params);
});
const tools = [];
const pages = [];
let cursor;
do {
  const page = await client.listTools({ cursor });
  tools.push(...page.tools);
  pages.push(page.tools.length);
  cursor = page.nextCursor;
} while (cursor !== undefined);

const validator = new AjvJsonSchemaValidator();
const inputs = new Map(tools.map((tool) => [tool.name, validator.getValidator(tool.inputSchema)]));
const answers = [];
const unfit = [];
for (const [name, args] of JSON.parse(calls)) {
  const fits = inputs.get(name)?.(args);
  if (fits?.valid === false) unfit.push([name, args, fits.errorMessage]);
  try {
    const result = await client.callTool({ name, arguments: args });
    answers.push({
      is_error: result.isError === true,
      structured: result.structuredContent ?? null,
      text: result.content.filter((block) => block.type === "text").map((block) => block.text),
      content: result.content,
    });
  } catch (error) {
    answers.push({ protocol_error: error.code, message: error.message });
  }
  if (answers.length === 1) await client.setLoggingLevel("debug");
}
await client.close();
process.stdout.write(
  JSON.stringify({
    tools: tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      input: tool.inputSchema,
      output: tool.outputSchema ?? null,
      title: tool.title ?? null,
      annotations: tool.annotations ?? null,
    })),
    pages,
    records,
    answers,
    warnings,
    unfit,
  }) + "\n",
);
