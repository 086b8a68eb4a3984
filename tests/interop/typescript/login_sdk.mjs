// The official client before version 2 logs in:
//
//     node login_sdk.mjs URL login|refresh [DOCUMENT]

import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { Provider, run } from './login.mjs';

const [url, mode, documentUrl] = process.argv.slice(2);
// Told that a scope is missing, it refreshes its token before all else, which
// brings the same scopes: only without a refresh token does it ask the person.
const provider = new Provider(documentUrl, { keepsRefreshToken: mode === 'refresh' });
let client, transport;

await run(
    {
        provider,
        Refused: UnauthorizedError,
        async connect() {
            client = new Client({ name: 'login', version: '1.0.0' });
            transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
            await client.connect(transport);
        },
        call: (name, args) => client.callTool({ name, arguments: args }),
        finish: answer => transport.finishAuth(answer.get('code')),
        close: () => client.close(),
    },
    mode,
);
