// `release-button watch`: prints events as they happen, one line each.
import { once } from 'node:events';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { agentAvailability } from '../../messages/agent.ts';
import { buttonEvent, buttonSignal, buttonState } from '../../messages/button.ts';
import type { Filter } from '../../messages/channel.ts';
import { drift } from '../../messages/drift.ts';
import { freezeState } from '../../messages/freeze.ts';
import { ledState } from '../../messages/led.ts';
import { buttonPress, buttonResult } from '../../messages/press.ts';
import { releaseEvent, releaseLast } from '../../messages/release.ts';
import { toLocalTimeOfDay } from '../../messages/time.ts';
import { workerAvailability, workerInfo } from '../../messages/worker.ts';
import { systemClock } from '../../service/clock.ts';
import { linkFromConfig, localBrokerUrl } from '../../service/link/from-config.ts';
import { silentLog } from '../../service/log.ts';
import { withoutNextTry } from '../ask.ts';
import { print } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { changesOf } from '../frozen-in-words.ts';
import { printable } from '../printable.ts';

type Paint = 'green' | 'red' | 'yellow' | 'blue' | 'dim' | 'none';

const escapes: Readonly<Record<Paint, string>> = {
  green: '\u001B[32m',
  red: '\u001B[31m',
  yellow: '\u001B[33m',
  blue: '\u001B[36m',
  dim: '\u001B[2m',
  none: '',
};
const whatWidth = 18;

export async function configure(command: Command): Promise<void> {
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config } = await loadConfig({ sections, ...given() });
    const colours = isatty(1) && process.env['NO_COLOR'] === undefined;
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());
    const line = (what: string, text: string, paint: Paint = 'none') => {
      const body = `${what.padEnd(whatWidth)} ${printable(text)}`;
      const painted = colours && paint !== 'none' ? `${escapes[paint]}${body}\u001B[0m` : body;
      // The reader has gone (`| head`), or the disk is full: nobody will see the next line.
      if (!print(`${toLocalTimeOfDay(Date.now())}  ${painted}`)) stop.abort();
    };

    const link = linkFromConfig(
      { mqtt: config.mqtt, role: 'watch', id: Math.random().toString(36).slice(2, 10) },
      { clock: systemClock(), log: silentLog(), random: Math.random },
    );
    const show = <M, P>(filter: Filter<M, P>, tell: (message: M, params: P, retained: boolean) => void) => {
      link.subscribe(filter, (message, { params, retained }) => {
        if (message !== undefined) tell(message, params, retained);
      });
    };

    show(buttonPress.filter(), (press, { button }) => {
      const { source = 'mqtt', gesture = 'press', id = 'without an id', by } = press;
      line(
        `press ${button}`,
        `${gesture} from ${source}${by === undefined ? '' : ` by ${by}`} (${id})`,
        'blue',
      );
    });
    show(buttonEvent.filter(), ({ event_type, heldMs }, { button }) =>
      line(`button ${button}`, `${event_type}${heldMs === undefined ? '' : `, held ${heldMs} ms`}`, 'dim'),
    );
    show(buttonState.filter(), ({ stuck, fault }, { button }) => {
      if (fault !== undefined) line(`button ${button}`, `fault: ${fault}`, 'red');
      else if (stuck) line(`button ${button}`, 'stuck: held for too long', 'red');
    });
    show(buttonResult.filter(), ({ outcome, reason, message }, { button }) =>
      line(
        `result ${button}`,
        `${outcome}${reason === undefined ? '' : ` (${reason})`}: ${message}`,
        outcome === 'rejected' ? 'red' : 'green',
      ),
    );
    show(buttonSignal.filter(), ({ signal, outOfSync, blocked, reason }, { button }, retained) =>
      line(
        `signal ${button}`,
        `${signal}, ${outOfSync} out of sync${blocked > 0 ? ` (${blocked} blocked)` : ''}${reason === undefined ? '' : `: ${reason}`}${retained ? ' (retained)' : ''}`,
        signal === 'failed' || signal === 'unknown' ? 'red' : 'yellow',
      ),
    );
    show(ledState.filter(), ({ pattern, because, signal }, { led }) =>
      line(
        `light ${led}`,
        `${typeof pattern === 'string' ? pattern : `${pattern.steps.length} steps`} (${because}${signal === undefined ? '' : ` ${signal}`})`,
        'dim',
      ),
    );
    show(releaseEvent.filter(), ({ event, app, outcome, releaseId }, { worker }) =>
      line(
        `release ${worker}`,
        `${event}${app === undefined ? '' : ` ${app}`}${outcome === undefined ? '' : `: ${outcome}`} (${releaseId.slice(0, 8)})`,
        outcome === undefined || outcome === 'succeeded' || outcome.endsWith('in-sync') ? 'green' : 'red',
      ),
    );
    show(releaseLast.filter(), ({ apps, outcome }, { worker }, retained) => {
      if (retained) return;
      for (const app of apps)
        line(
          `release ${worker}`,
          `${app.namespace}/${app.name}: ${app.message ?? app.phase}`,
          outcome === 'succeeded' ? 'none' : 'red',
        );
    });
    show(drift.filter(), ({ state, outOfSync, total, unhealthy, simulated, server }, { worker }) =>
      line(
        `drift ${worker}`,
        `${state}: ${outOfSync} of ${total} out of sync, ${unhealthy} unhealthy, ${simulated ? 'SIMULATED ' : ''}Argo CD at ${server}`,
      ),
    );
    const frozen = new Map<string, Map<string, string>>();
    show(freezeState.filter(), (message, { worker }, retained) => {
      const known = frozen.get(worker) ?? new Map<string, string>();
      frozen.set(worker, known);
      for (const { text, ended } of changesOf(known, message))
        line(`freeze ${worker}`, `${text}${retained ? ' (retained)' : ''}`, ended ? 'green' : 'yellow');
    });
    show(agentAvailability.filter(), (state, { agent }) =>
      line(`agent ${agent}`, state, state === 'online' ? 'green' : 'red'),
    );
    show(workerAvailability.filter(), (state, { worker }) =>
      line(`worker ${worker}`, state, state === 'online' ? 'green' : 'red'),
    );
    show(workerInfo.filter(), ({ version, host, buttons }, { worker }, retained) => {
      if (retained)
        line(
          `worker ${worker}`,
          `version ${version} on ${host}, buttons: ${buttons.map(({ id }) => id).join(', ')}`,
          'dim',
        );
    });

    let said = '';
    link.onState(({ state, message }) => {
      // Does not print further attempts that fail in the same way.
      const news = withoutNextTry(message);
      if (news === said || news.startsWith('connecting to ')) return;
      said = news;
      line('broker', news, state === 'connected' ? 'green' : 'red');
    });
    line('broker', `connecting to ${config.mqtt.url ?? localBrokerUrl}; stop with Ctrl+C`, 'dim');
    link.start();
    await aborted(stop.signal);
    await link.stop();
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
