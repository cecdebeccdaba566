// Other workers on the same prefix, each with its own buttons and applications: who is there, and what is theirs.
import { workerAvailability, workerInfo } from '../messages/worker.ts';
import type { Link } from '../service/link/link.ts';

export interface Others {
  /** Subscribes. */
  start(): void;
  /** The button is the business of another worker that is online. */
  own(button: string): boolean;
  /** Another worker that is online has the button too, and comes before us. */
  takes(button: string): boolean;
  /** Whether any other worker is online. */
  areThere(): boolean;
}

/** More workers than anybody runs on one prefix; what says more is not ours to remember. */
const othersMax = 1_000;

export function createOthers(options: {
  readonly link: Link;
  readonly worker: string;
  /** Who is there, or what is theirs, has changed. */
  readonly onChange: () => void;
}): Others {
  const { link, worker, onChange } = options;
  const buttons = new Map<string, ReadonlySet<string>>();
  const online = new Set<string>();

  return {
    start: () => {
      link.subscribe(workerInfo.filter(), (message, { params }) => {
        if (params.worker === worker) return;
        if (message === undefined) buttons.delete(params.worker);
        else if (buttons.size < othersMax || buttons.has(params.worker))
          buttons.set(params.worker, new Set(message.buttons.map((button) => button.id)));
        onChange();
      });
      link.subscribe(workerAvailability.filter(), (message, { params }) => {
        if (params.worker === worker) return;
        if (message !== 'online') online.delete(params.worker);
        else if (online.size < othersMax) online.add(params.worker);
        onChange();
      });
    },
    own: (button) => [...online].some((other) => buttons.get(other)?.has(button) === true),
    takes: (button) =>
      [...online].some((other) => other < worker && buttons.get(other)?.has(button) === true),
    areThere: () => online.size > 0,
  };
}
