// Foreign buttons with their real messages: which messages press, with the real codecs and configuration.
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Press } from '../../../messages/press.ts';
import { takeForeignPresses } from '../../../release-worker/presses/foreign.ts';
import { silentLog } from '../../../service/log.ts';
import { load } from '../../config/support.ts';
import { foreignPayloads } from '../../foreign-payloads/read.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { keptLog } from '../argocd/kept-log.ts';
import { createFakeLink } from '../support/fake-link.ts';
import { takingIn } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

async function entries(presses: readonly object[]) {
  const { config } = await load({ file: `worker: {presses: ${JSON.stringify(presses)}}` });
  return config.worker.presses;
}

async function listening(presses: readonly object[], log = silentLog()) {
  const clock = createFakeClock();
  const fake = createFakeLink();
  const taken: { readonly button: string; readonly press: Press }[] = [];
  const stop = takeForeignPresses({
    presses: await entries(presses),
    link: fake.link,
    clock,
    log,
    take: (button, press) => void taken.push({ button, press }),
  });
  return { clock, fake, taken, stop };
}

const lineSchema = z.object({ msg: z.string() });
const bigRed = { preset: 'zigbee2mqtt', device: 'big-red' };
const shelly = { preset: 'shelly-gen1', device: 'shellyix3-1' };
const events = 'shellies/shellyix3-1/input_event/0';

describe('a value that YAML reads as something else', () => {
  const listenTo = async (yaml: string) => {
    const { config } = await load({ file: `worker: {presses: [{${yaml}}]}` });
    const fake = createFakeLink();
    const clock = createFakeClock();
    let presses = 0;
    takeForeignPresses({
      presses: config.worker.presses,
      link: fake.link,
      clock,
      log: silentLog(),
      take: () => void (presses += 1),
    });
    return (text: string) => {
      const before = presses;
      clock.advance(2_000);
      fake.deliver('case', text);
      return presses - before;
    };
  };

  it.each([
    ['True', 'True', 'true'],
    ['TRUE', 'TRUE', 'True'],
    ['01', '01', '1'],
    ['1.0', '1.0', '1'],
    ['0x10', '0x10', '16'],
    ['1', '1', '1.0'],
    ['true', 'true', 'TRUE'],
  ])('when: %s is the bare text %s, and not %s', async (when, text, other) => {
    const send = await listenTo(`topic: case, when: ${when}`);
    expect([send(text), send(` ${text}\n`), send(other)]).toEqual([1, 1, 0]);
  });

  it.each([
    ['True', 'true', 'false'],
    ['True', '"True"', '"true"'],
    ['1.0', '1', '2'],
    ['1.0', '1.0', '"1"'],
    ['01', '1', '10'],
    ['1', '"1"', '"01"'],
    ['-1e1', '-10', '10'],
  ])('when: %s is %s in JSON, and not %s', async (when, value, other) => {
    const send = await listenTo(`topic: case, path: a, when: ${when}`);
    expect([send(`{"a":${value}}`), send(`{"a":${other}}`)]).toEqual([1, 0]);
  });
});

describe.each(foreignPayloads)('$name: $about', ({ configuration, topic, messages }) => {
  it('presses exactly when its messages say so', async () => {
    const { clock, fake, taken } = await listening([configuration]);
    let before = 0;
    const found = messages.map((message) => {
      clock.advance(message.afterMs);
      fake.deliver(message.topic ?? topic, message.text, { retained: message.retained ?? false });
      const presses = taken.length - before;
      before = taken.length;
      return { presses, because: message.because };
    });
    expect(found).toEqual(messages.map(({ press, because }) => ({ presses: press ? 1 : 0, because })));
  });

  it('never presses by retained messages', async () => {
    const { clock, fake, taken } = await listening([configuration]);
    for (const message of messages) {
      clock.advance(message.afterMs);
      fake.deliver(message.topic ?? topic, message.text, { retained: true });
    }
    expect(taken).toEqual([]);
  });

  it('presses once if each message comes twice', async () => {
    const { clock, fake, taken } = await listening([configuration]);
    for (const message of messages) {
      clock.advance(message.afterMs);
      const how = { retained: message.retained ?? false };
      fake.deliver(message.topic ?? topic, message.text, how);
      fake.deliver(message.topic ?? topic, message.text, how);
    }
    expect(taken).toHaveLength(messages.filter(({ press }) => press).length);
  });
});

describe('a press', () => {
  it('names button, gesture and source', async () => {
    const long = 'x'.repeat(100);
    const { fake, taken } = await listening([
      bigRed,
      { topic: `home/${long}`, when: 'go' },
      { preset: 'tasmota', device: 'desk' },
    ]);
    fake.deliver('zigbee2mqtt/big-red', { action: 'single' });
    fake.deliver(`home/${long}`, 'go');
    fake.deliver('stat/desk/RESULT', { Button1: { Action: 'SINGLE' } });
    expect(taken).toEqual([
      { button: 'main', press: { gesture: 'press', source: 'zigbee2mqtt/big-red' } },
      { button: 'main', press: { gesture: 'press', source: `home/${long}`.slice(0, 64) } },
      { button: 'main', press: { gesture: 'press', source: 'tasmota/desk' } },
    ]);
  });

  it('is decided like one on our own topic, and answered there', async () => {
    const { intake, results, released, journal, clock } = takingIn();
    intake.take('main', { gesture: 'press', source: 'zigbee2mqtt/big-red' });
    await settle();
    intake.take('main', { gesture: 'press', source: 'zigbee2mqtt/big-red' });
    await settle();
    clock.advance(5_000);
    intake.take('main', { gesture: 'hold', source: 'zigbee2mqtt/big-red' });
    intake.take('nobody', { gesture: 'press', source: 'zigbee2mqtt/big-red' });
    await settle();
    expect(results()).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'rejected', reason: 'cool-down' },
      { outcome: 'rejected', reason: 'no-action' },
    ]);
    expect(results('nobody')).toMatchObject([{ outcome: 'rejected', reason: 'unknown-button' }]);
    expect(released).toMatchObject([{ button: 'main', source: 'zigbee2mqtt/big-red' }]);
    expect(journal).toMatchObject({
      lines: expect.arrayContaining([expect.objectContaining({ source: 'zigbee2mqtt/big-red' })]),
    });
  });

  it('is left to the worker that has the button, and to nobody after the stop', async () => {
    const others = takingIn({ answers: () => false });
    others.intake.take('main', { gesture: 'press' });
    await settle();
    expect(others.results()).toEqual([]);

    const ended = takingIn();
    await ended.intake.stop();
    ended.intake.take('main', { gesture: 'press' });
    await settle();
    expect(ended.results()).toEqual([]);
  });
});

describe('a message that was missed', () => {
  it("is no press when the link is back: the counter's baseline is read again", async () => {
    const { fake, taken } = await listening([{ ...shelly }]);
    fake.deliver(events, { event: 'S', event_cnt: 1 });
    fake.setState('connecting');
    fake.setState('connected');
    fake.deliver(events, { event: 'S', event_cnt: 2 });
    expect(taken).toEqual([]);
    fake.deliver(events, { event: 'S', event_cnt: 3 });
    expect(taken).toHaveLength(1);
  });

  it('does not take a retained last will for a device that is offline now', async () => {
    const { fake, taken } = await listening([{ ...shelly }]);
    fake.deliver(events, { event: 'S', event_cnt: 1 });
    fake.deliver('shellies/shellyix3-1/online', 'false', { retained: true });
    fake.deliver(events, { event: 'S', event_cnt: 2 });
    expect(taken).toHaveLength(1);
  });

  it('takes only the last will for an offline device, not other messages on its topic', async () => {
    const { fake, taken } = await listening([{ ...shelly }]);
    fake.deliver(events, { event: 'S', event_cnt: 1 });
    fake.deliver('shellies/shellyix3-1/online', 'true');
    fake.deliver(events, { event: 'S', event_cnt: 2 });
    expect(taken).toHaveLength(1);
  });

  it('takes a message without the state for no change of it', async () => {
    const { clock, fake, taken } = await listening([
      { topic: 'door', path: 'state', when: 'open', edge: true },
    ]);
    for (const state of ['shut', 'open', undefined, 'open']) {
      clock.advance(5_000);
      fake.deliver('door', { ...(state === undefined ? {} : { state }), battery: 90 });
    }
    expect(taken).toHaveLength(1);
  });

  it('does not count a press twice that is sent again after a short loss of the link', async () => {
    const { clock, fake, taken } = await listening([bigRed]);
    fake.deliver('zigbee2mqtt/big-red', { action: 'single' });
    fake.setState('connecting');
    fake.setState('connected');
    clock.advance(500);
    fake.deliver('zigbee2mqtt/big-red', { action: 'single' });
    expect(taken).toHaveLength(1);
  });
});

describe('several entries', () => {
  it('share a topic, each with its own value and button', async () => {
    const { config } = await load({
      file: `worker: {buttons: [{select: {all: true}, on: {press: release, hold: rollback}}, {id: two, select: {all: true}}], presses: ${JSON.stringify(
        [bigRed, { ...bigRed, when: 'hold', gesture: 'hold' }, { ...bigRed, when: 'double', button: 'two' }],
      )}}`,
      env: { RELEASE_BUTTON_WORKER_BUTTONS: '' },
    });
    const fake = createFakeLink();
    const taken: unknown[] = [];
    takeForeignPresses({
      presses: config.worker.presses,
      link: fake.link,
      clock: createFakeClock(),
      log: silentLog(),
      take: (button, { gesture }) => void taken.push([button, gesture]),
    });
    for (const action of ['hold', 'double', 'single', 'release'])
      fake.deliver('zigbee2mqtt/big-red', { action });
    expect(taken).toEqual([
      ['main', 'hold'],
      ['two', 'press'],
      ['main', 'press'],
    ]);
  });

  it('do not disturb each other: a repetition within a second counts as one press for the same device only', async () => {
    const { fake, taken } = await listening([bigRed, { ...bigRed, device: 'other' }]);
    fake.deliver('zigbee2mqtt/big-red', { action: 'single' });
    fake.deliver('zigbee2mqtt/other', { action: 'single' });
    expect(taken).toHaveLength(2);
  });
});

it('asks the broker for no retained messages', async () => {
  const { fake } = await listening([shelly, bigRed]);
  expect(fake.subscriptions).toEqual(
    [events, 'shellies/shellyix3-1/online', 'zigbee2mqtt/big-red'].map((filter) => ({
      filter,
      options: { withoutRetained: true },
    })),
  );
});

it('takes nothing after the stop, and nothing that is larger than a press can be', async () => {
  const { fake, taken, stop } = await listening([bigRed]);
  fake.deliver('zigbee2mqtt/big-red', { action: 'single', padding: 'x'.repeat(20_000) });
  stop();
  fake.deliver('zigbee2mqtt/big-red', { action: 'single' });
  expect(taken).toEqual([]);
});

it('logs at the start which message presses which button, and logs when somebody may wait in vain', async () => {
  const { log, lines } = keptLog();
  const { fake } = await listening([bigRed, { ...shelly, when: ['S', 'L'] }], log);
  expect(lines.map((line) => messageOf(line))).toEqual([
    'presses on zigbee2mqtt/big-red (action single) press button main (gesture press)',
    `presses on ${events} (event S or L, when event_cnt has grown) press button main (gesture press)`,
  ]);
  fake.deliver(events, { event: 'S', event_cnt: 1 });
  expect(messageOf(lines.at(-1) ?? '')).toMatch(/only shows the current state; press again/);
  // A counter that jumps at random does not fill the disk with log lines.
  for (let count = 1_000; count > 0; count -= 1) fake.deliver(events, { event: 'S', event_cnt: count });
  expect(lines).toHaveLength(3);
});

function messageOf(line: string): string {
  return lineSchema.parse(JSON.parse(line)).msg;
}
