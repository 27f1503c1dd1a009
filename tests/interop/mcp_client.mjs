// The official TypeScript MCP client against a plugin executable: list, call, error case.
//
// usage: node mcp_client.mjs NODE_MODULES COMMAND CALLS   (CALLS: JSON, [[tool, arguments], ...])
// Prints one JSON object: {tools, answers}.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, command, calls] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { Client } = await load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = await load("@modelcontextprotocol/sdk/client/stdio.js");

const client = new Client({ name: "dagstack-tests", version: "1.0.0" });
await client.connect(new StdioClientTransport({ command }));
const { tools } = await client.listTools();
const answers = [];
for (const [name, args] of JSON.parse(calls)) {
  try {
    const result = await client.callTool({ name, arguments: args });
    answers.push({
      is_error: result.isError === true,
      structured: result.structuredContent ?? null,
      text: result.content.map((block) => block.text),
    });
  } catch (error) {
    answers.push({ protocol_error: error.code, message: error.message });
  }
}
await client.close();
console.log(
  JSON.stringify({
    tools: tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      input: tool.inputSchema,
      output: tool.outputSchema,
    })),
    answers,
  }),
);
