// The official client before version 2, which knows the handshake era only:
//
//     node sdk.mjs URL

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CreateMessageRequestSchema,
    ElicitRequestSchema,
    ListRootsRequestSchema,
    LoggingMessageNotificationSchema,
    ResourceUpdatedNotificationSchema,
    ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

import { ANSWERS, CAPABILITIES, run } from './checks.mjs';

const [url] = process.argv.slice(2);
const heard = [];
const logged = [];

const client = new Client({ name: 'interop', version: '1.0.0' }, { capabilities: CAPABILITIES });
client.setRequestHandler(ElicitRequestSchema, ANSWERS['elicitation/create']);
client.setRequestHandler(CreateMessageRequestSchema, ANSWERS['sampling/createMessage']);
client.setRequestHandler(ListRootsRequestSchema, ANSWERS['roots/list']);
client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void logged.push(params),
);
for (const schema of [ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema])
    client.setNotificationHandler(schema, ({ method }) => void heard.push(method));

const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);
// The second parameter of callTool is a schema here.
const options = chosen => [undefined, chosen];
await run({ client, stateless: false, heard, logged, options }, transport.protocolVersion);
