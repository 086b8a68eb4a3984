// The official client, version 2, lets a company say whom it acts for:
//
//     node company.mjs URL ISSUER CLIENT_ID SECRET ASSERTION

import assert from 'node:assert/strict';

import { Client, CrossAppAccessProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, expectedIssuer, clientId, clientSecret, assertion] = process.argv.slice(2);
const authProvider = new CrossAppAccessProvider({
    clientId,
    clientSecret,
    expectedIssuer,
    async assertion({ authorizationServerUrl, resourceUrl }) {
        assert.deepEqual([authorizationServerUrl, resourceUrl], [expectedIssuer, url]);
        return assertion;
    },
});

const client = new Client({ name: 'company', version: '1.0.0' });
try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
    const { content } = await client.callTool({ name: 'whoami', arguments: {} });
    assert.match(content[0].text, /^alice shop:read/);
    console.log('ok');
} catch (error) {
    console.log(`FAILED: ${String(error.stack).replaceAll('\n', ' ')}`);
}
await client.close();
process.exit(0);
