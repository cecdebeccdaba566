// Decides presses with the real client and a watch, against a simulated Argo CD.
import { onTestFinished } from 'vitest';
import { createAccess } from '../../../release-worker/drift/access.ts';
import { createRegistry } from '../../../release-worker/drift/registry.ts';
import { decide } from '../../../release-worker/presses/decide.ts';
import type { Deployed } from '../../../release-worker/releases/deployed.ts';
import type { ButtonConfig } from '../../../release-worker/buttons.ts';
import { silentLog } from '../../../service/log.ts';
import { until } from '../../support/wait.ts';
import { simulatedArgoCd } from './argocd.ts';
import { button } from './buttons.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';
import { watchOver } from './watching.ts';

export async function deciding(
  world: unknown,
  options: {
    readonly token?: string;
    readonly version?: string;
    readonly withStream?: boolean;
    readonly hurry?: number;
    readonly busy?: readonly string[];
    readonly refreshOnPressMax?: number;
    readonly unripe?: readonly string[];
    readonly unwritable?: string;
    readonly wasOutOfSyncAt?: (key: string) => number | undefined;
    readonly deployedBy?: (button: string) => readonly Deployed[];
    readonly rolledBackTo?: (key: string) => string | undefined;
    readonly whyBusy?: (key: string) => string | undefined;
  } = {},
) {
  const { argocd, control } = await simulatedArgoCd(world, {
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.version === undefined ? {} : { version: options.version }),
  });
  if (options.withStream === false) await control.post('faults', { streams: { silent: true } });
  const clock = hurriedClock(options.hurry ?? 1);
  const log = silentLog();
  const timers = new Set<object>();
  const registry = createRegistry();
  const shown: string[] = [];
  const watch = watchOver({ argocd, registry, clock });
  const access = createAccess({ argocd, registry, clock, log, onChange: () => {} });
  access.start();
  watch.start();
  onTestFinished(async () => {
    argocd.stop();
    await watch.stop();
    await access.stop();
  });
  const busy = new Set(options.busy);
  return {
    argocd,
    control,
    registry,
    watch,
    access,
    shown,
    timers,
    ready: async () => {
      await watch.firstList;
      if (options.withStream !== false)
        await until('the stream', () => [...registry.all()].every(({ detail }) => detail !== undefined));
    },
    decide: (
      only?: readonly string[],
      over: Partial<ButtonConfig> = {},
      action: Parameters<typeof decide>[2] = 'release',
    ) =>
      decide(
        {
          argocd,
          registry,
          watch,
          access,
          clock: {
            ...clock,
            setTimeout: (fn, ms) => {
              const timer = clock.setTimeout(() => {
                timers.delete(timer);
                fn();
              }, ms);
              timers.add(timer);
              return {
                cancel: () => {
                  timers.delete(timer);
                  timer.cancel();
                },
              };
            },
          },
          refreshOnPressMax: options.refreshOnPressMax ?? 20,
          rolledBackTo: options.rolledBackTo ?? (() => undefined),
          whyBusy: options.whyBusy ?? (() => undefined),
          whyUnwritable: () => Promise.resolve(options.unwritable),
          isUnripe: (key) => options.unripe?.includes(key) ?? false,
          wasOutOfSyncAt: options.wasOutOfSyncAt ?? (() => undefined),
          deployedBy: options.deployedBy ?? (() => []),
          isBusy: (key) => busy.has(key),
          show: (keys) => void shown.push(...keys),
        },
        button(over),
        action,
        only,
      ),
  };
}
