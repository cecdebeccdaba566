// The rows match the contract. The table here repeats the contract on purpose.
import { expect, test } from 'vitest';
import { channels } from '../../messages/all.ts';
import { signals } from '../../messages/button.ts';
import { rowNames } from '../../tools/message-forms.ts';
import { patternNames } from '../../messages/pattern.ts';
import { pressReasons } from '../../messages/press.ts';
import { appOutcomes, releaseOutcomes } from '../../messages/release.ts';

const contract = {
  buttonPress: 'button/<button>/press | agent, anyone allowed | 1, no, 10 s',
  buttonResult: 'button/<button>/result | worker | 1, no',
  buttonEvent: 'button/<button>/event | agent | 1, no',
  buttonState: 'button/<button>/state | agent | 1, yes',
  buttonSignal: 'button/<button>/signal | worker | 1, yes',
  buttonArm: 'button/<button>/arm | agent | 1, no',
  ledSet: 'led/<led>/set | anyone allowed | 1, no',
  ledIdentify: 'led/<led>/identify | anyone allowed | 1, no',
  ledState: 'led/<led>/state | agent | 1, yes',
  agentAvailability: 'agent/<agent>/availability | agent | 1, yes',
  workerAvailability: 'worker/<worker>/availability | worker | 1, yes',
  agentInfo: 'agent/<agent>/info | agent | 1, yes',
  workerInfo: 'worker/<worker>/info | worker | 1, yes',
  drift: 'worker/<worker>/drift | worker | 1, yes',
  app: 'worker/<worker>/app/<namespace>/<name> | worker | 1, yes',
  releaseEvent: 'worker/<worker>/release | worker | 1, no',
  releaseCurrent: 'worker/<worker>/release/current | worker | 1, yes',
  releaseLast: 'worker/<worker>/release/last | worker | 1, yes',
  releaseTerminate: 'worker/<worker>/terminate | anyone allowed | 1, no',
  freezeSet: 'freeze/set | anyone allowed | 1, no',
  workerFreezeSet: 'worker/<worker>/freeze/set | anyone allowed | 1, no',
  freezeState: 'worker/<worker>/freeze/state | worker | 1, yes',
  reply: 'reply/<request> | worker | 1, no',
};

test('every row has the topic, publishers, QoS, retention and expiry of the contract, and there are no other rows', () => {
  const rows = Object.fromEntries(
    rowNames.map((row) => {
      const { template, about, delivery } = channels[row];
      const retained = delivery.kind === 'state' ? 'yes' : 'no';
      const expiry = delivery.expirySeconds === undefined ? '' : `, ${delivery.expirySeconds} s`;
      return [row, `${template} | ${about.from.join(', ')} | ${delivery.qos}, ${retained}${expiry}`];
    }),
  );
  expect(rows).toEqual(contract);
});

test('requests are never retained, whoever sends them', () => {
  const requests = rowNames.filter((row) => {
    const from: readonly string[] = channels[row].about.from;
    return from.includes('anyone allowed');
  });
  expect(requests).toHaveLength(6);
  for (const row of requests) expect(channels[row].delivery.kind, row).toBe('event');
});

test('retained messages never expire: state is valid until it is published again', () => {
  const states = rowNames.filter((row) => channels[row].delivery.kind === 'state');
  expect(states).toHaveLength(12);
  for (const row of states) expect(channels[row].delivery.expirySeconds, row).toBeUndefined();
});

test('the address of a message has the delivery of its row', () => {
  expect(channels.buttonPress.at({ button: 'main' })).toMatchObject({
    topic: 'button/main/press',
    kind: 'event',
    delivery: { kind: 'event', qos: 1, expirySeconds: 10 },
  });
  expect(channels.drift.at({ worker: 'main' })).toMatchObject({ topic: 'worker/main/drift', kind: 'state' });
});

test('requests are limited to 16 KiB before they are parsed, and bare words to 256 bytes', () => {
  const bounds = Object.fromEntries(
    rowNames
      .filter((row) => channels[row].about.from.some((sender) => sender === 'anyone allowed'))
      .map((row) => [row, channels[row].codec.maxBytes]),
  );
  expect(bounds).toEqual({
    buttonPress: 16_384,
    ledSet: 16_384,
    ledIdentify: 16_384,
    releaseTerminate: 16_384,
    freezeSet: 16_384,
    workerFreezeSet: 16_384,
  });
  expect(channels.buttonArm.codec.maxBytes).toBe(256);
});

test('the words are those of the contract, and a change of the contract must be made here too', () => {
  expect(signals.join(' '), 'messages/button.ts').toBe(
    'unknown releasing failed succeeded blocked drifted clear',
  );
  expect(pressReasons.join(' '), 'messages/press.ts').toBe(
    'retained malformed unknown-button stale duplicate too-many cool-down no-action ' +
      'frozen blocked-by-sync-window not-permitted in-progress claimed-twice standing-by worker-stopping broker-unreachable argocd-unreachable journal-unwritable internal-error',
  );
  expect(patternNames.join(' '), 'messages/pattern.ts').toBe(
    'off on fast-blink pulse two-flashes sos blip heartbeat double-blink triple-blink',
  );
  expect(releaseOutcomes.join(' '), 'messages/release.ts').toBe(
    'succeeded failed partly timed-out interrupted',
  );
  expect(appOutcomes.join(' '), 'messages/release.ts').toBe(
    'in-sync already-in-sync still-out-of-sync changed failed refused in-progress terminated timed-out interrupted',
  );
});

test('no pattern has the name of a signal', () => {
  const names: readonly string[] = patternNames;
  expect(signals.filter((signal) => names.includes(signal))).toEqual([]);
});
