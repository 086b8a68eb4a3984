// What every JavaScript client must be able to do at a door that asks who is
// there: one line per check. A client comes as {connect, call, finish, Refused}:
// `finish` hands it what its redirect address was given.
//
// Who starts the script is the person: it is told where to go on stdout, and
// says on stdin where that led.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

const REDIRECT = 'http://127.0.0.1:33418/callback';
// Longer than a token lives at the shop of short tokens.
const EXPIRY = 2500;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// What a client keeps, in memory.
export class Provider {
    visits = 0;

    constructor(documentUrl, { keepsRefreshToken = true } = {}) {
        this.clientMetadataUrl = documentUrl || undefined;
        this.keepsRefreshToken = keepsRefreshToken;
    }

    get redirectUrl() {
        return REDIRECT;
    }

    get clientMetadata() {
        return {
            client_name: 'A JavaScript client',
            redirect_uris: [REDIRECT],
            grant_types: ['authorization_code', 'refresh_token'],
            response_types: ['code'],
            token_endpoint_auth_method: 'none',
        };
    }

    state() {
        return 'a state of this client';
    }

    clientInformation() {
        return this.information;
    }

    saveClientInformation(information) {
        this.information = information;
    }

    tokens() {
        return this.kept;
    }

    saveTokens({ refresh_token, ...tokens }) {
        this.kept = this.keepsRefreshToken ? { ...tokens, refresh_token } : tokens;
    }

    discoveryState() {
        return this.discovered;
    }

    saveDiscoveryState(state) {
        this.discovered = state;
    }

    saveCodeVerifier(verifier) {
        this.verifier = verifier;
    }

    codeVerifier() {
        return this.verifier;
    }

    async redirectToAuthorization(url) {
        this.visits += 1;
        process.stdout.write(`visit ${url}\n`);
        const { value } = await lines.next();
        this.answer = new URL(value).searchParams;
    }
}

// Do something that may first have to be allowed.
async function allowed(it, action) {
    try {
        return await action();
    } catch (error) {
        if (!(error instanceof it.Refused)) throw error;
        assert.equal(it.provider.answer.get('state'), 'a state of this client');
        await it.finish(it.provider.answer);
        return await action();
    }
}

async function said(it, name, args = {}) {
    const result = await allowed(it, () => it.call(name, args));
    assert.ok(!result.isError, JSON.stringify(result.content));
    return result.content[0].text;
}

const CHECKS = {
    login: {
        async logs_in(it) {
            await allowed(it, it.connect);
            assert.equal(await said(it, 'whoami'), 'alice shop:read');
            assert.equal(it.provider.visits, 1);
        },
        async is_known_as_it_should(it) {
            const { client_id } = it.provider.information;
            const url = it.provider.clientMetadataUrl;
            assert.ok(url ? client_id === url : !client_id.includes('://'));
        },
        async steps_up(it) {
            assert.equal(await said(it, 'order', { title: 'Emma' }), 'Ordered: Emma');
            assert.equal(it.provider.visits, 2);
            assert.match(await said(it, 'whoami'), /^alice .*shop:write$/);
        },
        async uses_a_permission(it) {
            assert.equal(await said(it, 'build_shelf', { name: 'Novels' }), 'Novels');
            assert.equal(it.provider.visits, 2);
        },
    },
    refresh: {
        async logs_in(it) {
            await allowed(it, it.connect);
            assert.equal(await said(it, 'whoami'), 'alice shop:read');
        },
        async refreshes(it) {
            const before = it.provider.kept;
            await new Promise(resolve => setTimeout(resolve, EXPIRY));
            assert.equal(await said(it, 'whoami'), 'alice shop:read');
            assert.equal(it.provider.visits, 1);
            assert.notEqual(it.provider.kept.access_token, before.access_token);
            assert.notEqual(it.provider.kept.refresh_token, before.refresh_token);
        },
    },
};

// Make the checks of one mode; the others go on when one fails.
export async function run(it, mode) {
    for (const [name, check] of Object.entries(CHECKS[mode])) {
        try {
            await check(it);
            console.log(`ok ${name}`);
        } catch (error) {
            console.log(`FAILED ${name}: ${String(error.stack).replaceAll('\n', ' ')}`);
        }
    }
    await it.close();
    process.exit(0);
}
