// The official client, version 2, in the era that is asked for:
//
//     node client.mjs URL auto|legacy

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { ANSWERS, CAPABILITIES, run } from './checks.mjs';

const [url, mode] = process.argv.slice(2);
const heard = [];
const logged = [];

const client = new Client(
    { name: 'interop', version: '1.0.0' },
    { capabilities: CAPABILITIES, versionNegotiation: { mode } },
);
for (const [method, answer] of Object.entries(ANSWERS)) client.setRequestHandler(method, answer);
client.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params));
for (const method of [
    'notifications/resources/updated',
    'notifications/tools/list_changed',
])
    client.setNotificationHandler(method, () => void heard.push(method));

await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const stateless = client.getProtocolEra() === 'modern';
const options = chosen => [chosen];
await run({ client, stateless, heard, logged, options }, client.getNegotiatedProtocolVersion());
