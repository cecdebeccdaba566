// One example message for every row. The documents show the examples, and a test checks that the rows decode them.
import type { Codec } from '../messages/codec.ts';
import type { channels } from '../messages/all.ts';

type Rows = typeof channels;
export type RowName = keyof Rows;
export type MessageOf<Row extends RowName> =
  Rows[Row]['codec'] extends Codec<infer Message> ? Message : never;

/** The value of each topic placeholder in the documents. */
export const exampleParams = {
  button: 'main',
  led: 'main',
  agent: 'main',
  worker: 'main',
  namespace: 'argocd',
  name: 'guestbook',
  request: 'b7e0',
} as const;

const at = '2026-01-01T08:30:00.000Z';
const pressId = '5f0c9d3e-0d4b-4a86-9b1e-2f6a7c1d8e90';
const releaseId = 'c2a4e6f8-1b3d-4f5a-8c7e-9d0b2a4c6e81';
const deployed = '53e28ff20cc530b9ada2173fbbd64d48338583ba';
const target = '90aa9f2c5c8f4f2a8e6f1d0b7c3e5a4d2b1c0f9e';
const processInfo = {
  version: '0.1.0',
  host: 'raspberrypi',
  instance: '9f1c2b',
  clock: { synchronised: true },
  simulated: false,
  at,
};
const release: MessageOf<'releaseLast'> = {
  id: releaseId,
  button: 'main',
  pressId,
  action: 'release',
  source: 'gpio',
  startedAt: at,
  apps: [
    {
      namespace: 'argocd',
      name: 'guestbook',
      from: deployed,
      to: target,
      phase: 'running',
    },
  ],
  truncated: false,
};

const stocktaking = {
  source: 'stocktaking',
  reason: 'Stocktaking',
  until: '2026-01-01T17:00:00.000Z',
  by: 'shop floor',
  at: '2026-01-01T08:00:00.000Z',
};
const rolledBack = {
  source: 'rollback',
  reason: 'rolled back',
  by: 'ann@laptop',
  at: '2026-01-01T07:30:00.000Z',
};

export const examples: { readonly [Row in RowName]: MessageOf<Row> } = {
  buttonPress: { id: pressId, at, gesture: 'press', source: 'gpio', agent: 'main' },
  buttonResult: {
    pressId,
    button: 'main',
    outcome: 'accepted',
    message: 'releasing argocd/guestbook',
    releaseId,
    applications: 1,
    at,
  },
  buttonEvent: { event_type: 'press', heldMs: 180, at },
  buttonState: {
    agent: 'main',
    pressed: false,
    stuck: false,
    presses: 12,
    droppedPresses: 0,
    lastPressAt: at,
  },
  buttonSignal: { signal: 'drifted', worker: 'main', outOfSync: 1, blocked: 0, at },
  buttonArm: 'on',
  ledSet: {
    steps: [
      { on: true, ms: 100 },
      { on: false, ms: 900 },
    ],
    repeat: true,
    forMs: 60_000,
  },
  ledIdentify: 'here',
  ledState: { agent: 'main', pattern: 'on', because: 'signal', signal: 'drifted', at },
  agentAvailability: 'online',
  agentInfo: {
    agent: 'main',
    ...processInfo,
    title: 'Release button in the hall',
    driver: 'rpio',
    buttons: [{ id: 'main', title: 'Release', gestures: ['press'], holdMs: 1000 }],
    leds: [{ id: 'main', follows: 'main' }],
    unseen: { gaps: 2, gapMs: 310, longestGapMs: 240, lostEdges: 0 },
  },
  workerAvailability: 'online',
  workerInfo: {
    worker: 'main',
    ...processInfo,
    title: 'Releases to production',
    argocd: { server: 'https://argocd.example.com', version: 'v3.6.0' },
    buttons: [{ id: 'main', title: 'Release', on: { press: 'release' } }],
  },
  drift: {
    state: 'drifted',
    outOfSync: 1,
    total: 12,
    unhealthy: 0,
    blocked: 1,
    unknown: 0,
    apps: [
      {
        namespace: 'argocd',
        name: 'guestbook',
        project: 'storefront',
        sync: 'OutOfSync',
        health: 'Healthy',
        from: '53e28ff',
        to: '90aa9f2',
        notes: ['blocked-by-sync-window', 'automated'],
      },
    ],
    truncated: false,
    since: at,
    oldestDriftAt: at,
    fresh: true,
    at,
    server: 'https://argocd.example.com',
    simulated: false,
  },
  app: {
    namespace: 'argocd',
    name: 'guestbook',
    project: 'storefront',
    labels: { team: 'shop' },
    sync: 'OutOfSync',
    health: 'Healthy',
    deployed: { revision: deployed, author: 'shop@example.com', title: 'Greet guests by name' },
    target: { revision: target, author: 'shop@example.com', title: 'Greet guests in their language' },
    window: 'closed',
    windowUntil: '2026-01-01T18:00:00.000Z',
    permitted: true,
    automated: true,
    buttons: ['main'],
    notes: ['blocked-by-sync-window', 'automated'],
    link: 'https://argocd.example.com/applications/argocd/guestbook',
  },
  releaseEvent: {
    event: 'app-finished',
    releaseId,
    button: 'main',
    at,
    app: 'argocd/guestbook',
    outcome: 'in-sync',
  },
  releaseCurrent: release,
  releaseLast: {
    ...release,
    finishedAt: '2026-01-01T08:30:04.250Z',
    outcome: 'succeeded',
    apps: release.apps.map((app) => ({ ...app, phase: 'done', outcome: 'in-sync' })),
  },
  releaseTerminate: { id: 'b7e0', app: 'argocd/guestbook' },
  freezeSet: {
    frozen: true,
    source: 'stocktaking',
    reason: 'Stocktaking',
    until: '2026-01-01T18:00:00+01:00',
    by: 'shop floor',
    id: 'b7e0',
  },
  workerFreezeSet: { frozen: false, source: 'stocktaking', id: 'b7e0' },
  freezeState: {
    frozen: true,
    ...stocktaking,
    changedAt: '2026-01-01T08:00:00.000Z',
    buttons: { main: rolledBack },
    causes: [
      { ...rolledBack, button: 'main', changedAt: rolledBack.at },
      { ...stocktaking, changedAt: stocktaking.at },
    ],
  },
  reply: { id: 'b7e0', worker: 'main', ok: true, message: 'nothing is frozen any more' },
};
