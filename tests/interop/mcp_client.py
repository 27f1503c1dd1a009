"""The official Python MCP client against a plugin executable: list, call, error case.

usage: mcp_client.py legacy|auto COMMAND CALLS   (CALLS: JSON, [[tool, arguments], ...])
Prints one JSON object: {version, tools, answers}.
"""

import asyncio
import json
import sys

from mcp import Client, MCPError, StdioServerParameters, stdio_client


async def main(mode, command, calls):
    async with Client(stdio_client(StdioServerParameters(command=command)), mode=mode) as client:
        tools = (await client.list_tools()).tools
        answers = []
        for tool, arguments in calls:
            try:
                result = await client.call_tool(tool, arguments)
                answers.append(
                    {
                        "is_error": bool(result.is_error),
                        "structured": result.structured_content,
                        "text": [block.text for block in result.content],
                    }
                )
            except MCPError as error:
                answers.append({"protocol_error": error.error.code, "message": error.error.message})
        print(
            json.dumps(
                {
                    "version": client.protocol_version,
                    "tools": [
                        {
                            "name": tool.name,
                            "description": tool.description,
                            "input": tool.input_schema,
                            "output": tool.output_schema,
                        }
                        for tool in tools
                    ],
                    "answers": answers,
                }
            )
        )


asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
