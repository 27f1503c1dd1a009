"""The published Python core: discovers a folder and, over its async adapter, calls what it found.

usage: dagstack_discover.py FOLDER ARGS   (ARGS: JSON, the arguments of `execute`)
Prints one JSON object: {manifests, schema, result}.
"""

import asyncio
import json
import sys

from dagstack.plugin_system.adapters.mcp_stdio import MCPStdioAdapter
from dagstack.plugin_system.discovery import discover
from dagstack.plugin_system.registry import PluginRegistry


async def main(folder, args):
    manifests = discover(PluginRegistry(), folder)
    answer = {"manifests": [m.model_dump(mode="json", exclude_none=True) for m in manifests]}
    if args is not None:
        async with MCPStdioAdapter(list(manifests[0].command)) as adapter:
            answer["schema"] = await adapter.call("get_schema", {})
            answer["result"] = await adapter.call("execute", {"args": args})
    print(json.dumps(answer))


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
