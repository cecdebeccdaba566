// Which worker on the prefix has which buttons, as each says in its info. A button that two workers have releases nothing:
// nobody could tell which Argo CD a press is for.
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Health } from '../service/health.ts';
import type { Link } from '../service/link/link.ts';
import type { Log } from '../service/log.ts';

export interface Claims {
  /** Subscribes. To be called before the link starts. */
  start(): void;
  stop(): void;
  /**
   * Whether another worker answers for the button. Of several that have it, and of all where nobody has it, the first one
   * by id answers.
   */
  isOthers(button: string): boolean;
  /** In words, that another online worker has this button of ours too. */
  claimedTwice(button: string): string | undefined;
  /** Whether what the other workers say has been read on the present connection. */
  isRead(): boolean;
}

/** More workers than anybody runs on one prefix. */
const othersMax = 1_000;

export function createClaims(options: {
  readonly link: Pick<Link, 'subscribe' | 'onState' | 'whenRead'>;
  readonly worker: string;
  readonly buttons: readonly string[];
  readonly health: Health;
  readonly log: Log;
  /** Another worker, or what it has, has changed. */
  readonly onChange: () => void;
}): Claims {
  const { link, worker, log, onChange } = options;
  const health = options.health.check('buttons', 'degraded');
  const buttons = new Map<string, ReadonlySet<string>>();
  const online = new Set<string>();
  let read = false;
  let logged = '';
  let forget = () => {};

  const othersWith = (button: string) =>
    [...online].filter((other) => buttons.get(other)?.has(button) === true);
  const claimedTwice = (button: string) => {
    const others = othersWith(button);
    return others.length === 0
      ? undefined
      : `the workers ${[worker, ...others].sort().join(' and ')} both have the button ${button}, so it releases nothing. Give it to one of them (worker.buttons), or give the workers topic prefixes of their own (mqtt.topicPrefix)`;
  };
  const changed = () => {
    const message = options.buttons.flatMap((button) => claimedTwice(button) ?? []).join('; ');
    if (message === '') health.ok();
    else health.bad(message);
    if (message !== '' && message !== logged) log.error(message);
    logged = message;
    onChange();
  };

  return {
    start: () => {
      health.ok();
      forget = link.onState(({ state }) => {
        read = false;
        if (state === 'connected')
          void link.whenRead().then((isRead) => {
            read = isRead;
          });
      });
      link.subscribe(workerInfo.filter(), (message, { params }) => {
        if (params.worker === worker) return;
        if (message === undefined) buttons.delete(params.worker);
        else if (buttons.size < othersMax || buttons.has(params.worker))
          buttons.set(params.worker, new Set(message.buttons.map(({ id }) => id)));
        changed();
      });
      link.subscribe(workerAvailability.filter(), (message, { params }) => {
        if (params.worker === worker) return;
        if (message !== 'online') online.delete(params.worker);
        else if (online.size < othersMax) online.add(params.worker);
        changed();
      });
    },
    stop: () => forget(),
    isOthers: (button) => {
      const others = othersWith(button);
      if (options.buttons.includes(button)) return others.some((other) => other < worker);
      return others.length > 0 || [...online].some((other) => other < worker);
    },
    claimedTwice,
    isRead: () => read,
  };
}
