// Small random messages for every row of the contract.
import * as fc from 'fast-check';
import type { MessageOf, RowName } from '../../tools/message-examples.ts';
import { gestures } from '../../messages/gesture.ts';
import { signals } from '../../messages/button.ts';
import { patternNames } from '../../messages/pattern.ts';
import { pressReasons } from '../../messages/press.ts';
import { appOutcomes, releaseOutcomes } from '../../messages/release.ts';

export const id = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
export const kubernetesName = fc.stringMatching(/^[a-z0-9](?:[a-z0-9.-]{0,20}[a-z0-9])?$/);
/** Printable characters, some of them outside the basic plane. */
const printable = fc.constantFrom(...'aZ09 -._:/+#$"\\{}[]<>äß€漢字🚀'.split(/(?:)/u));
const requestId = fc.array(printable, { minLength: 1, maxLength: 64 }).map((all) => all.join(''));
/** A level of a topic has no separators and no wildcards. */
export const topicLevel = requestId
  .map((text) => text.replaceAll(/[/+#]/g, '-'))
  .filter((text) => text.length > 0);
/** Any text that UTF-8 can encode. */
const text = fc.string({ unit: 'binary', maxLength: 20 });
const count = fc.nat({ max: 1_000_000 });
/** JSON has no -0. */
const duration = fc
  .double({ min: 0, max: 1e9, noNaN: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));
const day = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2099-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const pad = (value: number) => String(value).padStart(2, '0');
const offset = fc.oneof(
  fc.constant('Z'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.nat({ max: 23 }), fc.nat({ max: 59 }))
    .map(([sign, hours, minutes]) => `${sign}${pad(hours)}:${pad(minutes)}`),
);
/** RFC 3339 with any offset, with or without fractions. */
export const time = fc
  .tuple(day, fc.constantFrom('', '.5', '.123', '.123456789'), offset)
  .map(([date, fraction, zone]) => `${date.toISOString().slice(0, 19)}${fraction}${zone}`);
const applicationKey = fc
  .tuple(kubernetesName, kubernetesName)
  .map(([namespace, name]) => `${namespace}/${name}`);
const gesture = fc.constantFrom(...gestures);
const steps = {
  steps: fc.array(fc.record({ on: fc.boolean(), ms: fc.integer({ min: 20, max: 60_000 }) }), {
    minLength: 1,
    maxLength: 32,
  }),
  repeat: fc.boolean(),
};
const patternName = fc.constantFrom(...patternNames);
const clock = fc.record({ synchronised: fc.oneof(fc.boolean(), fc.constant('unknown' as const)) });
const processInfo = { version: text, host: text, instance: text, clock, simulated: fc.boolean(), at: time };
const availability = fc.constantFrom('online' as const, 'offline' as const);
const sync = fc.constantFrom('Synced' as const, 'OutOfSync' as const, 'Unknown' as const);
const revision = fc.record({ revision: text, author: text, title: text }, { requiredKeys: ['revision'] });
const freeze = {
  frozen: fc.boolean(),
  source: id,
  reason: text,
  until: time,
  by: text,
  forSeconds: fc.integer({ min: 1, max: 31_622_400 }),
};
const { frozen: _frozen, ...cause } = freeze;
/** A reason is never empty. */
const reason = text.filter((words) => /\S/.test(words));
const freezeRequest = fc.record(
  { ...freeze, reason, button: id, id: requestId },
  { requiredKeys: ['frozen'] },
);

const release = fc.record(
  {
    id: text,
    button: text,
    pressId: text,
    action: fc.constantFrom('release' as const, 'rollback' as const),
    source: text,
    startedAt: time,
    finishedAt: time,
    outcome: fc.constantFrom(...releaseOutcomes),
    apps: fc.array(
      fc.record(
        {
          namespace: text,
          name: text,
          from: text,
          to: text,
          phase: fc.constantFrom('waiting' as const, 'sent', 'running', 'verifying', 'done'),
          outcome: fc.constantFrom(...appOutcomes),
          message: text,
        },
        { requiredKeys: ['namespace', 'name', 'from', 'to', 'phase'] },
      ),
      { maxLength: 3 },
    ),
    truncated: fc.boolean(),
  },
  { requiredKeys: ['id', 'button', 'pressId', 'action', 'source', 'startedAt', 'apps', 'truncated'] },
);

export const messages: { readonly [Row in RowName]: fc.Arbitrary<MessageOf<Row>> } = {
  buttonPress: fc.record(
    {
      id: requestId,
      at: time,
      gesture,
      heldMs: duration,
      source: text.filter((value) => value.length > 0),
      by: requestId,
      agent: id,
      only: fc.array(applicationKey, { minLength: 1, maxLength: 5 }),
    },
    { requiredKeys: [] },
  ),
  buttonResult: fc.record(
    {
      pressId: text,
      button: text,
      outcome: fc.constantFrom('accepted' as const, 'rejected', 'nothing-to-release'),
      reason: fc.constantFrom(...pressReasons),
      message: text,
      releaseId: text,
      applications: count,
      at: time,
    },
    { requiredKeys: ['pressId', 'button', 'outcome', 'message', 'at'] },
  ),
  buttonEvent: fc.record(
    { event_type: gesture, heldMs: duration, at: time },
    { requiredKeys: ['event_type'] },
  ),
  buttonState: fc.record(
    {
      agent: id,
      pressed: fc.boolean(),
      stuck: fc.boolean(),
      presses: count,
      droppedPresses: count,
      lastPressAt: time,
      fault: text,
    },
    { requiredKeys: ['agent', 'pressed', 'stuck', 'presses', 'droppedPresses'] },
  ),
  buttonSignal: fc.record(
    {
      signal: fc.constantFrom(...signals),
      worker: id,
      outOfSync: count,
      blocked: count,
      reason: text,
      until: time,
      at: time,
    },
    { requiredKeys: ['signal', 'worker', 'outOfSync', 'blocked', 'at'] },
  ),
  buttonArm: fc.constantFrom('on' as const, 'off' as const),
  ledSet: fc.oneof(
    fc.constant('auto' as const),
    patternName,
    fc.record(
      { pattern: patternName, forMs: fc.integer({ min: 20, max: 86_400_000 }) },
      { requiredKeys: ['pattern'] },
    ),
    fc.record(
      { ...steps, forMs: fc.integer({ min: 20, max: 86_400_000 }) },
      { requiredKeys: ['steps', 'repeat'] },
    ),
  ),
  ledIdentify: text,
  ledState: fc.record(
    {
      agent: id,
      pattern: fc.oneof(patternName, fc.record(steps)),
      because: fc.constantFrom('signal' as const, 'set', 'offline', 'acknowledge', 'identify', 'fault'),
      signal: fc.constantFrom(...signals),
      at: time,
    },
    { requiredKeys: ['agent', 'pattern', 'because', 'at'] },
  ),
  agentAvailability: availability,
  agentInfo: fc.record({
    agent: id,
    ...processInfo,
    driver: text,
    buttons: fc.array(
      fc.record(
        { id, title: text, gestures: fc.array(gesture, { maxLength: 3 }), holdMs: duration },
        { requiredKeys: ['id', 'gestures', 'holdMs'] },
      ),
      { maxLength: 2 },
    ),
    leds: fc.array(fc.record({ id, follows: id }), { maxLength: 2 }),
  }),
  workerAvailability: availability,
  workerInfo: fc.record({
    worker: id,
    ...processInfo,
    argocd: fc.record({ server: text, version: text }, { requiredKeys: ['server'] }),
    buttons: fc.array(
      fc.record(
        {
          id,
          title: text,
          on: fc.dictionary(gesture, fc.constantFrom('release' as const, 'rollback')),
        },
        { requiredKeys: ['id', 'on'] },
      ),
      { maxLength: 2 },
    ),
  }),
  drift: fc.record({
    state: fc.constantFrom('clear' as const, 'drifted', 'unknown'),
    outOfSync: count,
    total: count,
    unhealthy: count,
    blocked: count,
    unknown: count,
    apps: fc.array(
      fc.record({ namespace: text, name: text, project: text, sync, health: text, from: text, to: text }),
      { maxLength: 20 },
    ),
    truncated: fc.boolean(),
    since: time,
    at: time,
    server: text,
    simulated: fc.boolean(),
  }),
  app: fc.record(
    {
      namespace: text,
      name: text,
      project: text,
      labels: fc.dictionary(kubernetesName, text, { noNullPrototype: true, maxKeys: 3 }),
      sync,
      health: text,
      deployed: revision,
      target: revision,
      phase: text,
      message: text,
      window: fc.constantFrom('open' as const, 'closed'),
      permitted: fc.boolean(),
      automated: fc.boolean(),
      link: text,
    },
    { requiredKeys: ['namespace', 'name', 'project', 'labels', 'sync', 'health', 'automated', 'link'] },
  ),
  releaseEvent: fc.record(
    {
      event: fc.constantFrom('started' as const, 'app-started', 'app-finished', 'finished'),
      releaseId: text,
      button: text,
      at: time,
      app: applicationKey,
      outcome: fc.constantFrom(...releaseOutcomes, ...appOutcomes),
    },
    { requiredKeys: ['event', 'releaseId', 'button', 'at'] },
  ),
  releaseCurrent: fc.oneof(fc.constant({ state: 'idle' as const }), release),
  releaseLast: release,
  releaseTerminate: fc.record({ id: requestId, app: applicationKey }, { requiredKeys: [] }),
  freezeSet: freezeRequest,
  workerFreezeSet: freezeRequest,
  freezeState: fc.record(
    {
      ...freeze,
      changedAt: time,
      causes: fc.array(
        fc.record(
          { ...cause, source: id, button: id, at: time, changedAt: time },
          { requiredKeys: ['source', 'at'] },
        ),
      ),
      lifted: fc.array(fc.record({ source: id, button: id, at: time }, { requiredKeys: ['at'] })),
    },
    { requiredKeys: ['frozen'] },
  ),
  reply: fc.record(
    { id: requestId, worker: id, ok: fc.boolean(), message: text },
    { requiredKeys: ['id', 'worker', 'ok'] },
  ),
};
