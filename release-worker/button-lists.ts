// Which buttons each worker had, in positions of the order in which the broker sends. Pure.

export interface ButtonLists {
  /** What is heard from now on is of a new connection. */
  connected(): void;
  heard(
    worker: string,
    buttons: readonly string[],
    about: { readonly position: number; readonly isRetained: boolean },
  ): void;
  /** @param position of this connection; by default now. Until `dropFormer`, lists of the connection before count too. */
  has(worker: string, button: string, position?: number): boolean;
  /** Whether any worker has the button, online or not. @param position as for `has` */
  isListed(button: string, position?: number): boolean;
  /** Forgets workers that were only heard on the connection before. */
  dropFormer(): void;
  /** Forgets lists that were replaced. */
  forgetPast(): void;
}

interface List {
  readonly since: number;
  readonly buttons: ReadonlySet<string>;
}

export function createButtonLists(max: number): ButtonLists {
  /** In order of `since`. A retained message holds from the beginning. */
  let known = new Map<string, readonly List[]>();
  const former = new Map<string, List>();
  const has = (worker: string, button: string, position = Infinity) => {
    const then = known.get(worker)?.findLast(({ since }) => since < position);
    return (then ?? former.get(worker))?.buttons.has(button) === true;
  };

  return {
    connected: () => {
      for (const [worker, lists] of known) {
        const last = lists.at(-1);
        if (last !== undefined) former.set(worker, { since: 0, buttons: last.buttons });
      }
      known = new Map();
    },
    heard: (worker, buttons, { position, isRetained }) => {
      if (known.size >= max && !known.has(worker)) return;
      former.delete(worker);
      const list = { since: isRetained ? 0 : position, buttons: new Set(buttons) };
      // A retained message that comes after live ones is older than they are.
      const live = (known.get(worker) ?? []).filter(({ since }) => since > 0 || !isRetained);
      known.set(worker, isRetained ? [list, ...live] : [...live, list]);
    },
    has,
    isListed: (button, position) =>
      [...known.keys(), ...former.keys()].some((worker) => has(worker, button, position)),
    dropFormer: () => former.clear(),
    forgetPast: () => {
      for (const [worker, lists] of known) known.set(worker, lists.slice(-1));
    },
  };
}
