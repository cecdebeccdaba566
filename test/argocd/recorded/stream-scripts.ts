// What happened while each stream was recorded, as steps to repeat.
import * as z from 'zod/mini';
import { accounts, shop, tokens } from './recorded-world.ts';
import type { OpenStream } from './stream-client.ts';

export type Stage = {
  stream: OpenStream;
  /** Sends a recorded request. */
  play(name: string): Promise<void>;
  /** Sends another request, as account `button` by default. */
  ask(method: string, path: string, body?: unknown, account?: string): Promise<void>;
  /** Stops the server. */
  stop(): Promise<void>;
  /** Uses one of the simulator's own controls. */
  control(endpoint: string, body: unknown): Promise<void>;
};

export type Script = {
  /** Compares only the events of this application, because others used the installation as well. */
  onlyApp?: string;
  run(stage: Stage): Promise<void>;
};

const event = z.looseObject({
  result: z.looseObject({ application: z.looseObject({ operation: z.optional(z.unknown()) }) }),
});

/** A line that reports the end of an operation in this phase. */
const isOver = (phase: string) => (line: string) => {
  if (!line.includes(`"phase":"${phase}"`) || !line.includes('MODIFIED')) return false;
  const { success, data } = event.safeParse(JSON.parse(line.replace(/^data: /, '')));
  return success && data.result.application.operation === undefined;
};

function plays(...names: string[]): Script {
  return {
    async run({ play }) {
      for (const name of names) await play(name);
    },
  };
}

function refreshes(app: string, onlyApp?: string): Script {
  return {
    ...(onlyApp === undefined ? {} : { onlyApp }),
    run: ({ ask }) => ask('GET', `/api/v1/applications/${app}?refresh=normal`),
  };
}

const movedIntoProject: Script = {
  async run({ ask, control }) {
    await ask('GET', '/api/v1/applications/gateway?refresh=normal');
    await control('world', { adjust: [{ name: 'shortlived', project: 'platform' }] });
    await control('world', { adjust: [{ name: 'shortlived', deleted: true, cascade: false }] });
  },
};

/** The stream continues with a token that a new request could no longer use. */
function tokenBecomes(state: 'expired' | 'revoked'): Script {
  return {
    async run({ control, ask }) {
      const changed = tokens.map((each) => (each.account === 'button' ? { ...each, state } : each));
      await control('world', { access: { accounts, tokens: changed } });
      await ask('GET', '/api/v1/applications/guestbook?refresh=normal', undefined, 'viewer');
    },
  };
}

const noSteps: Script = { run: () => Promise.resolve() };

export const scripts: Record<string, Script> = {
  'stream-accept-list': noSteps,
  'stream-app-namespace-ignored': noSteps,
  'stream-fields-exclude': noSteps,
  'stream-fields-list-style': noSteps,
  'stream-fields-prefix': noSteps,
  'stream-name-other-namespace-with': noSteps,
  'stream-narrow-account': noSteps,
  'stream-ndjson-all-fields-selected': noSteps,
  'stream-projects': noSteps,
  'stream-same-name-two-namespaces': noSteps,
  'stream-selector': noSteps,
  'stream-sse-all-fields-selected': noSteps,
  'stream-idle-sse': refreshes('gateway'),
  'stream-idle-ndjson': refreshes('gateway'),
  'stream-fields-dedup': refreshes('guestbook'),
  'stream-same-name-dedup': refreshes('checkout'),
  'stream-refresh-events': refreshes('guestbook'),
  'stream-gzip-ndjson': refreshes('guestbook'),
  'stream-gzip-sse': refreshes('guestbook'),
  'stream-from-resource-version': refreshes('guestbook', 'guestbook'),
  'stream-name-with-resource-version': refreshes('payments'),
  'stream-resource-version-not-a-number': refreshes('guestbook'),
  'stream-ndjson-full-sync': plays('sync-ok-with-infos'),
  'stream-sse-fields-sync': plays('sync-ok-with-infos'),
  'stream-failed-sync-billing': plays('sync-fails-billing'),
  'stream-failed-sync-ledger': plays('sync-fails-ledger'),
  'stream-failed-sync-with-retry': plays('sync-with-retry'),
  'stream-rollback': plays('rollback-ok'),
  'stream-sync-path-missing': plays('sync-path-missing'),
  'stream-sync-pinned-to-history': plays('sync-pinned-to-history'),
  'stream-sync-strategy-apply': plays('sync-strategy-apply'),
  'stream-sync-pinned-revision': {
    async run({ play, ask, stream }) {
      await play('sync-pinned-revision');
      await stream.waitFor((line) => line.includes('b4664c47c29e13dae9cab733b58b2828cb384524'));
      await ask('GET', '/api/v1/applications/payments?refresh=normal');
    },
  },
  'stream-sync-without-prune': {
    async run({ play, stream }) {
      await play('sync-without-prune');
      await stream.waitFor(isOver('Succeeded'));
      await play('sync-with-prune');
    },
  },
  'stream-long-sync-terminated': {
    async run({ play, stream }) {
      await play('sync-long-running');
      await stream.waitFor((line) => line.includes('waiting for completion of hook'));
      await play('sync-while-running');
      await play('terminate-ok');
    },
  },
  'stream-kubernetes-api-restart': {
    async run({ control, ask, stream }) {
      await control('faults', { kubernetesDown: true });
      await control('faults', { kubernetesDown: false });
      await stream.waitFor((line) => line.includes('"MODIFIED"') && line.includes('"search"'));
      await ask('POST', '/api/v1/applications/guestbook/sync', {});
    },
  },
  'stream-live-drift': {
    async run({ control, ask, stream }) {
      await control('drift', { app: 'prunable', kind: 'edit' });
      await stream.waitFor((line) => line.includes('"OutOfSync"'));
      await ask('POST', '/api/v1/applications/prunable/sync', {});
    },
  },
  'stream-sync-with-rollout': {
    async run({ control, ask, stream }) {
      const revision = '9aaec64d49e5b08007d146b2a35cfe95e1d46da7';
      await control('drift', { app: 'checkout', revision, noticed: false });
      await ask('GET', '/api/v1/applications/checkout?refresh=hard');
      await stream.waitFor((line) => line.includes(revision));
      await ask('POST', '/api/v1/applications/checkout/sync', {
        infos: [{ name: 'press', value: 'f8898388-04b6-4793-b9bc-306e4ffc3a9e' }],
      });
    },
  },
  'stream-automated-sync': {
    async run({ control, ask }) {
      const revision = '8243e888fa7005d8714545811605e04dec599d17';
      await control('drift', { app: 'autopilot', revision, noticed: false });
      await ask('GET', '/api/v1/applications/autopilot?refresh=normal');
    },
  },
  'stream-commit-found-by-polling': {
    run: ({ control }) =>
      control('drift', { app: 'gateway', revision: 'c47962739aafa9011af2b2086116a575179ac23b' }),
  },
  'stream-controller-down-sync': {
    async run({ control, play, stream }) {
      await control('faults', { controllerDown: true });
      await play('controller-down-sync');
      await stream.waitFor((line) => line.includes('"operation":{"info"'));
      await control('faults', { controllerDown: false });
    },
  },
  'stream-delete-cascade': {
    run: ({ control }) => control('world', { adjust: [{ name: 'prunable', deleted: true }] }),
  },
  'stream-selector-matches-none-sse': {
    run: ({ control }) =>
      control('world', { add: [{ name: 'newcomer', labels: { team: 'nobody' }, deployed: null }] }),
  },
  'stream-create-delete': {
    async run({ control, stream }) {
      const name = 'shortlived';
      const adjust = (change: Record<string, unknown>) => control('world', { adjust: [{ name, ...change }] });
      const shortlived = {
        name,
        labels: { lab: 'tmp' },
        resources: [{ kind: 'ConfigMap', name }],
        edited: [`ConfigMap/${name}`],
      };
      const source = { repoURL: shop, path: name, targetRevision: 'main' };
      await control('world', { add: [{ ...shortlived, source, history: [], project: 'default' }] });
      await stream.waitFor((line) => line.includes('"OutOfSync"'));
      await adjust({ labels: {} });
      await adjust({ labels: { lab: 'tmp' } });
      await adjust({ project: 'platform' });
      await adjust({ deleted: true, cascade: false });
    },
  },
  'stream-idle-sse-resource-version': movedIntoProject,
  'stream-idle-ndjson-resource-version': movedIntoProject,
  'stream-permission-withdrawn': {
    async run({ control, ask, stream }) {
      const narrowed = accounts.map((each) =>
        each.name === 'narrow' ? { ...each, get: ['default/payments'] } : each,
      );
      await control('world', { access: { accounts: narrowed, tokens } });
      await ask('GET', '/api/v1/applications/guestbook?refresh=normal');
      await ask('GET', '/api/v1/applications/payments?refresh=normal');
      await stream.waitFor((line) => line.includes('"MODIFIED"') && line.includes('payments'));
      await control('world', { access: { accounts, tokens } });
      await ask('GET', '/api/v1/applications/guestbook?refresh=normal');
    },
  },
  'stream-token-expires': tokenBecomes('expired'),
  'stream-token-revoked': tokenBecomes('revoked'),
  'stream-server-sigkill-ndjson': { run: ({ stop }) => stop() },
  'stream-server-sigkill-sse': { run: ({ stop }) => stop() },
};
