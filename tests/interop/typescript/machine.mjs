// Both official clients let a machine in, without any person:
//
//     node machine.mjs URL ISSUER CLIENT_ID SECRET

import assert from 'node:assert/strict';

import {
    Client as Client2,
    ClientCredentialsProvider as Credentials2,
    StreamableHTTPClientTransport as Transport2,
} from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as Credentials1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, expectedIssuer, clientId, clientSecret] = process.argv.slice(2);
const GENERATIONS = {
    after_2: [Client2, Transport2, Credentials2],
    before_2: [Client1, Transport1, Credentials1],
};

for (const [name, [Client, Transport, Credentials]] of Object.entries(GENERATIONS)) {
    const authProvider = new Credentials({ clientId, clientSecret, expectedIssuer });
    const client = new Client({ name: 'machine', version: '1.0.0' });
    try {
        await client.connect(new Transport(new URL(url), { authProvider }));
        const { content } = await client.callTool({ name: 'whoami', arguments: {} });
        assert.equal(content[0].text, 'robot shop:read');
        console.log(`ok ${name}`);
    } catch (error) {
        console.log(`FAILED ${name}: ${String(error.stack).replaceAll('\n', ' ')}`);
    }
    await client.close();
}
process.exit(0);
