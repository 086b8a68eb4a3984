// What every JavaScript client must be able to do, whichever it is: one line
// per check. A client comes as {client, stateless, heard, logged}: `heard`
// and `logged` collect what the server said of itself.

import assert from 'node:assert/strict';

const PATIENCE = 5000;
const WATCHED = 'test://watched-resource';

export const CAPABILITIES = {
    elicitation: {},
    sampling: {},
    roots: {},
};

// How the person, the model and the client answer.
export const ANSWERS = {
    'elicitation/create': request => ({
        action: 'accept',
        content: Object.fromEntries(
            Object.keys(request.params.requestedSchema.properties).map(name => [name, 'Ada']),
        ),
    }),
    'sampling/createMessage': () => ({
        role: 'assistant',
        model: 'a-model',
        content: { type: 'text', text: 'Paris.' },
    }),
    'roots/list': () => ({ roots: [{ uri: 'file:///home/ada', name: 'home' }] }),
};

async function text({ client }, name, args = {}, options) {
    const result = await client.callTool({ name, arguments: args }, ...(options ?? []));
    assert.ok(!result.isError, JSON.stringify(result.content));
    return result.content[0].text;
}

// Wait for something to become true. What is announced before the client's
// own stream is open is lost, so `again` repeats what should lead to it.
async function until(condition, again) {
    const end = Date.now() + PATIENCE;
    while (!condition()) {
        assert.ok(Date.now() < end, 'It did not happen in time.');
        await again();
        await new Promise(resolve => setTimeout(resolve, 50));
    }
}

async function refused(promise, ...codes) {
    await assert.rejects(promise, error => codes.includes(error.code));
}

const CHECKS = {
    async lists({ client }) {
        const { tools } = await client.listTools();
        assert.ok(tools.length >= 32);
        const names = tools.map(tool => tool.name);
        assert.deepEqual(names, [...names].sort());
        assert.equal((await client.listResources()).resources.length, 3);
        assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 1);
        assert.ok((await client.listPrompts()).prompts.length >= 5);
    },
    async calls(it) {
        assert.equal(
            await text(it, 'test_simple_text'),
            'This is a simple text response for testing.',
        );
        const sum = await it.client.callTool({ name: 'add_numbers', arguments: { a: 2, b: 3 } });
        assert.deepEqual(sum.structuredContent, { result: 5 });
        const mixed = await it.client.callTool({ name: 'test_multiple_content_types' });
        assert.deepEqual(
            mixed.content.map(block => block.type),
            ['text', 'image', 'resource'],
        );
    },
    async headers(it) {
        assert.equal(await text(it, 'test_x_mcp_header', { region: 'Zürich' }), 'region=Zürich');
    },
    async refusals({ client, stateless }) {
        const result = await client.callTool({ name: 'test_error_handling', arguments: {} });
        assert.ok(result.isError);
        const wrong = await client.callTool({ name: 'add_numbers', arguments: { a: 'many' } });
        assert.ok(wrong.isError);
        await refused(client.callTool({ name: 'no_such_tool', arguments: {} }), -32602);
        await refused(client.getPrompt({ name: 'no_such_prompt' }), -32602);
        // One client turns the handshake era's own code into the later one.
        await refused(
            client.readResource({ uri: 'test://nowhere' }),
            -32602,
            ...(stateless ? [] : [-32002]),
        );
    },
    async resources({ client }) {
        const { contents } = await client.readResource({ uri: 'test://template/123/data' });
        assert.equal(JSON.parse(contents[0].text).id, '123');
    },
    async prompts({ client }) {
        const { messages } = await client.getPrompt({
            name: 'test_prompt_with_arguments',
            arguments: { arg1: 'one', arg2: 'two' },
        });
        assert.match(messages[0].content.text, /arg1='one', arg2='two'/);
    },
    async completion({ client }) {
        const { completion } = await client.complete({
            ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
            argument: { name: 'arg1', value: 'te' },
        });
        assert.deepEqual(completion.values, ['test', 'testing']);
    },
    async progress(it) {
        const steps = [];
        const options = { onprogress: ({ progress }) => steps.push(progress) };
        await text(it, 'test_tool_with_progress', {}, it.options(options));
        assert.deepEqual(steps, [0, 50, 100]);
    },
    async logging(it) {
        if (!it.stateless) await it.client.setLoggingLevel('info');
        await it.client.callTool({
            name: 'test_tool_with_logging',
            arguments: {},
            ...(it.stateless && { _meta: { 'io.modelcontextprotocol/logLevel': 'info' } }),
        });
        assert.equal(it.logged.length, 3);
    },
    async questions(it) {
        assert.equal(await text(it, 'test_sampling', { prompt: '?' }), 'LLM response: Paris.');
        assert.match(await text(it, 'test_elicitation', { message: 'Who?' }), /action=accept/);
        assert.match(
            await text(it, 'test_input_required_result_list_roots'),
            /file:\/\/\/home\/ada/,
        );
        assert.equal(
            await text(it, 'test_input_required_result_multi_round'),
            'Ada likes Ada.',
        );
        const { messages } = await it.client.getPrompt({
            name: 'test_input_required_result_prompt',
        });
        assert.equal(messages[0].content.text, 'Use this context: Ada');
    },
    async changes(it) {
        const { client, stateless, heard } = it;
        const subscription = stateless
            ? await client.listen({ resourceSubscriptions: [WATCHED], toolsListChanged: true })
            : await client.subscribeResource({ uri: WATCHED });
        await until(
            () => heard.includes('notifications/resources/updated'),
            () => text(it, 'test_update_watched_resource'),
        );
        await until(
            () => heard.includes('notifications/tools/list_changed'),
            () => text(it, 'test_trigger_tool_change'),
        );
        const { tools } = await client.listTools();
        if (tools.some(tool => tool.name === 'test_dynamic_tool'))
            await text(it, 'test_trigger_tool_change');
        if (stateless) await subscription.close();
        else await client.unsubscribeResource({ uri: WATCHED });
    },
    async cancellation(it) {
        const count = async () => JSON.parse(await text(it, 'test_slow_status'));
        const before = await count();
        const stop = new AbortController();
        const call = it.client.callTool(
            { name: 'test_slow', arguments: { seconds: 60 } },
            ...it.options({ signal: stop.signal }),
        );
        call.catch(() => {});
        let now = before;
        const look = async () => (now = await count());
        await until(() => now.started > before.started, look);
        stop.abort('enough');
        await assert.rejects(call);
        await until(() => now.cancelled > before.cancelled, look);
    },
};

export async function run(it, revision) {
    console.log(`revision ${revision}`);
    for (const [name, check] of Object.entries(CHECKS)) {
        try {
            await check(it);
            console.log(`ok ${name}`);
        } catch (error) {
            console.log(`FAILED ${name}: ${String(error.stack).replaceAll('\n', ' | ')}`);
        }
    }
    await it.client.close();
}
