// The official client, version 2, logs in:
//
//     node login_client.mjs URL login|refresh [DOCUMENT]

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { Provider, run } from './login.mjs';

const [url, mode, documentUrl] = process.argv.slice(2);
const provider = new Provider(documentUrl);
let client, transport;

await run(
    {
        provider,
        Refused: UnauthorizedError,
        async connect() {
            client = new Client(
                { name: 'login', version: '1.0.0' },
                { versionNegotiation: { mode: 'auto' } },
            );
            transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
            await client.connect(transport);
        },
        call: (name, args) => client.callTool({ name, arguments: args }),
        finish: answer => transport.finishAuth(answer),
        close: () => client.close(),
    },
    mode,
);
