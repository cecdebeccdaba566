// The generated documents are current and valid, and match the rows of the contract.
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { channels } from '../../messages/all.ts';
import { asyncApiDocument } from '../../tools/asyncapi.ts';
import { renderDocuments, schemasPath } from '../../tools/contract-documents.ts';
import { exampleParams, examples } from '../../tools/message-examples.ts';
import { formsOf, rowNames, wireOf } from '../../tools/message-forms.ts';
import { mqttPagePath, renderMqttPage } from '../../tools/mqtt-page.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');
const forms = rowNames.flatMap(formsOf);
const parse = (json: string): object => {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) throw new Error('expected a JSON object');
  return value;
};
const keysOf = (value: unknown) => (typeof value === 'object' && value !== null ? Object.keys(value) : []);
const bytes = (text: string) => new TextEncoder().encode(text);

describe('the files in docs/ (otherwise: npm run generate)', async () => {
  const files = renderDocuments(await read(mqttPagePath));

  test.each([...files.keys()])('%s is current', async (path) => {
    expect(await read(path)).toBe(files.get(path));
  });

  test('have no schema of a message that was removed', async () => {
    const existing = (await readdir(new URL(schemasPath, root))).map((name) => `${schemasPath}/${name}`);
    expect(existing.filter((path) => !files.has(path))).toEqual([]);
  });
});

describe('the page for people', () => {
  test('keeps the text around the markers', async () => {
    const page = await read(mqttPagePath);
    const emptied = page.replace(/(begin -->)[^]*(<!-- generated: end)/, '$1\nold\n$2');
    expect(emptied).toContain('\nold\n');
    expect(renderMqttPage(`${emptied}\nlast words\n`)).toBe(`${page}\nlast words\n`);
  });

  test('is refused with a remedy if it has lost its markers', () => {
    expect(() => renderMqttPage('# MQTT\n')).toThrow(
      /docs\/mqtt.md lacks .* write them where the generated part belongs/,
    );
  });

  test('names every topic in the table and has a section for each topic', async () => {
    const page = await read(mqttPagePath);
    for (const row of rowNames) {
      const { template } = channels[row];
      expect(page).toContain(`| [\`${template}\`](#`);
      expect(page).toContain(`\n### \`${template}\`\n`);
    }
  });

  test('shows messages of the contract in its JSON blocks, and topics of the contract in its commands', async () => {
    const commands = [...(await read(mqttPagePath)).matchAll(/^mosquitto_\S+ .*$/gm)].map(
      ([command]) => command,
    );
    expect(commands.length).toBeGreaterThan(2);
    const rowAt = (topic: string) =>
      rowNames.find(
        (row) => channels[row].filter().match(topic.replace(/^release-button\//, '')) !== undefined,
      );
    for (const command of commands) {
      const [, topic = ''] = / -q 1 -t (release-button\/\S+)/.exec(command) ?? [];
      const [, answer] = / -e (\S+)/.exec(command) ?? [];
      const row = rowAt(topic);
      if (row === undefined) throw new Error(`no row has the topic of: ${command}`);
      if (answer !== undefined) expect(rowAt(answer), command).toMatch(/^(buttonResult|reply)$/);
      const [, quoted, bare] = / -m (?:'(.*)'|(\S+))$/.exec(command) ?? [];
      expect(channels[row].codec.decode(bytes(quoted ?? bare ?? '')), command).toMatchObject({ ok: true });
    }
  });
});

describe('the AsyncAPI document', () => {
  const ajv = new Ajv({ strict: false, validateFormats: true, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(parse(JSON.stringify(specs.schemasWithoutId['3.0.0'])));
  const document = parse(JSON.stringify(asyncApiDocument()));
  const at = (...path: string[]) =>
    path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), document);

  test('is valid AsyncAPI 3.0', () => {
    expect(validate(document), ajv.errorsText(validate.errors)).toBe(true);
  });

  test('is invalid if an operation has no channel', () => {
    expect(validate({ ...document, operations: { sendDrift: { action: 'send' } } })).toBe(false);
    expect(validate({ ...document, asyncapi: '2.6.0' })).toBe(false);
  });

  test('refers only to things that exist', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path = '']) => path,
    );
    expect(references.length).toBeGreaterThan(100);
    for (const path of references) expect(at(...path.split('/')), path).toBeTypeOf('object');
  });

  test('has the address of every row, with the prefix and its parameters', () => {
    expect(at('channels', 'buttonPress', 'address')).toBe('{prefix}/button/{button}/press');
    expect(at('channels', 'drift', 'address')).toBe('{prefix}/worker/{worker}/drift');
    for (const row of rowNames) {
      const address = String(at('channels', row, 'address'));
      const params = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(keysOf(at('channels', row, 'parameters')), row).toEqual(params);
      const filled = address
        .replace('{prefix}/', '')
        .replaceAll(/\{(\w+)\}/g, (_, name: string) => String(Reflect.get(exampleParams, name)));
      expect(filled).toBe(channels[row].at(exampleParams).topic);
    }
  });

  test('sends the messages of agents and workers, and receives those of other clients', () => {
    const operations = keysOf(at('operations'));
    expect(operations.filter((name) => name.startsWith('receive'))).toEqual([
      'receiveButtonPress',
      'receiveLedSet',
      'receiveLedIdentify',
      'receiveReleaseTerminate',
      'receiveFreezeSet',
      'receiveWorkerFreezeSet',
    ]);
    expect(operations).toContain('sendButtonPress');
    expect(operations).not.toContain('sendFreezeSet');
    expect(at('operations', 'sendButtonPress', 'tags')).toEqual([{ name: 'agent' }]);
    expect(at('operations', 'sendDrift', 'tags')).toEqual([{ name: 'worker' }]);
  });

  test('has QoS, retention and expiry in the members of the MQTT binding', () => {
    expect(at('operations', 'receiveButtonPress', 'bindings', 'mqtt')).toEqual({
      qos: 1,
      retain: false,
      messageExpiryInterval: 10,
      bindingVersion: '0.2.0',
    });
    expect(at('operations', 'sendDrift', 'bindings', 'mqtt')).toEqual({
      qos: 1,
      retain: true,
      bindingVersion: '0.2.0',
    });
  });

  test('names the answer to each request', () => {
    expect(at('operations', 'receiveButtonPress', 'reply', 'channel')).toEqual({
      $ref: '#/channels/buttonResult',
    });
    expect(at('operations', 'receiveWorkerFreezeSet', 'reply', 'channel')).toEqual({
      $ref: '#/channels/reply',
    });
    expect(at('operations', 'receiveLedSet', 'reply')).toBeUndefined();
  });

  test('describes a press as a JSON object or bare text', () => {
    expect(keysOf(at('channels', 'buttonPress', 'messages'))).toEqual(['buttonPress', 'buttonPressText']);
    expect(at('components', 'messages', 'buttonPress', 'contentType')).toBe('application/json');
    expect(at('components', 'messages', 'buttonPressText', 'contentType')).toBe('text/plain');
  });
});

describe('the examples', () => {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);

  test.each(forms)('of $name can be decoded by its row', (form) => {
    const { codec } = channels[form.row];
    const decoded = codec.decode(bytes(wireOf(form)));
    if (form.name === 'ledIdentify') expect(decoded).toEqual({ ok: true, value: '' });
    else if (form.name === 'buttonPressText')
      expect(decoded).toEqual({ ok: true, value: { gesture: 'press' } });
    else if (form.name === 'freezeSetText') expect(decoded).toEqual({ ok: true, value: { frozen: true } });
    else if (form.name === 'workerFreezeSetText')
      expect(decoded).toEqual({ ok: true, value: { frozen: false } });
    else expect(decoded).toEqual({ ok: true, value: form.example });
  });

  test.each(forms)('of $name fits its JSON Schema', async (form) => {
    const validate = ajv.compile(parse(await read(`${schemasPath}/${form.name}.json`)));
    expect(validate(form.example), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate(null)).toBe(false);
  });

  const rowsWithoutBareText = rowNames.filter((row) =>
    formsOf(row).every(({ contentType }) => contentType === 'application/json'),
  );
  test.each(rowsWithoutBareText)('of %s has no bare text, and its row refuses bare text', (row) => {
    for (const word of ['press', 'sos', 'on', 'off', 'auto', 'online'])
      expect(channels[row].codec.decode(bytes(word)), word).toMatchObject({ ok: false });
  });

  test('are one for each row, and one more if the row also accepts bare text', () => {
    expect(forms.map(({ name }) => name).filter((name) => !Object.hasOwn(examples, name))).toEqual([
      'buttonPressText',
      'ledSetText',
      'freezeSetText',
      'workerFreezeSetText',
    ]);
    expect(Object.keys(examples)).toEqual([...rowNames]);
  });
});
