"""The official Python MCP client against a plugin executable: list, call, error case.

usage: python -W error mcp_client.py legacy|auto COMMAND CALLS ENV
(CALLS: JSON, [[tool, arguments], ...]; ENV: JSON, the variables that the executable gets besides the client's)
Prints one JSON object: {version, tools, pages, records, answers, warnings, unfit}. `pages` are the
numbers of tools on each page; `records` what came into the log view, from `debug` on after the first
call where there is a session, else from `info` on. `warnings` is what was logged as
one on the way; `unfit` the arguments that do not fit the tool's schema.
"""

import asyncio
import json
import logging
import sys
from warnings import catch_warnings, simplefilter

from jsonschema.validators import validator_for
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import _v2025_11_25, _v2026_07_28


class Warnings(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def plain(value):
    return value and value.model_dump(mode="json", by_alias=True, exclude_none=True)


def check(tool):
    """The tool as the schemas of MCP have it, from which these types are made."""
    for version in (_v2025_11_25, _v2026_07_28):
        version.Tool.model_validate(plain(tool))
    validators = []
    for schema in filter(None, (tool.input_schema, tool.output_schema)):
        validator = validator_for(schema)
        validator.check_schema(schema)
        validators.append(validator(schema))
    return validators[0]


async def main(mode, command, calls, env):
    warnings = Warnings()
    logging.getLogger().addHandler(warnings)
    records = []

    async def note(record):
        records.append(record.model_dump(mode="json", exclude_none=True, by_alias=True))

    server = stdio_client(StdioServerParameters(command=command, env=env))
    level = None if mode == "legacy" else "info"
    async with Client(server, mode=mode, logging_callback=note, log_level=level) as client:
        tools, pages, cursor = [], [], None
        while not pages or cursor is not None:
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            pages.append(len(page.tools))
            cursor = page.next_cursor
        inputs = {tool.name: check(tool) for tool in tools}
        answers = []
        unfit = []
        for tool, arguments in calls:
            if tool in inputs:
                unfit += [[tool, arguments, str(e)] for e in inputs[tool].iter_errors(arguments)]
            try:
                result = await client.call_tool(tool, arguments)
                answers.append(
                    {
                        "is_error": bool(result.is_error),
                        "structured": result.structured_content,
                        "text": [block.text for block in result.content if block.type == "text"],
                        "content": [plain(block) for block in result.content],
                    }
                )
            except MCPError as error:
                answers.append({"protocol_error": error.error.code, "message": error.error.message})
            if len(answers) == 1 and mode == "legacy":
                with catch_warnings():
                    # Deprecated by 2026-07-28.
                    simplefilter("ignore")
                    await client.set_logging_level("debug")
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
                            "title": tool.title,
                            "annotations": plain(tool.annotations),
                        }
                        for tool in tools
                    ],
                    "pages": pages,
                    "records": records,
                    "answers": answers,
                    "warnings": warnings.texts,
                    "unfit": unfit,
                }
            )
        )


asyncio.run(main(*sys.argv[1:3], *map(json.loads, sys.argv[3:])))
