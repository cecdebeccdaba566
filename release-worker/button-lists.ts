// Which buttons each worker had, and when. A position is the number of a message, in the order in which the broker sends
// them. Pure.

export interface ButtonLists {
  /** A new connection begins. */
  connected(): void;
  /** Notes the list in the info of a worker. */
  note(
    worker: string,
    buttons: readonly string[],
    about: { readonly position: number; readonly isRetained: boolean },
  ): void;
  /** @param position of this connection; by default now. Until `dropFormer`, lists of the previous connection count too. */
  has(worker: string, button: string, position?: number): boolean;
  /** Whether any worker has the button, online or not. @param position as for `has` */
  isListed(button: string, position?: number): boolean;
  /** Forgets workers that were heard only on the previous connection. */
  dropFormer(): void;
  /** Keeps only the last list of each worker. */
  forgetPast(): void;
}

interface List {
  readonly since: number;
  readonly buttons: ReadonlySet<string>;
}

export function createButtonLists(max: number): ButtonLists {
  /** The lists of each worker, in the order of `since`. A retained list holds from the beginning of the connection. */
  let listsOf = new Map<string, readonly List[]>();
  const former = new Map<string, List>();
  const has = (worker: string, button: string, position = Infinity) => {
    const list = listsOf.get(worker)?.findLast(({ since }) => since < position);
    return (list ?? former.get(worker))?.buttons.has(button) === true;
  };

  return {
    connected: () => {
      for (const [worker, lists] of listsOf) {
        const last = lists.at(-1);
        if (last !== undefined) former.set(worker, { since: 0, buttons: last.buttons });
      }
      listsOf = new Map();
    },
    note: (worker, buttons, { position, isRetained }) => {
      if (listsOf.size >= max && !listsOf.has(worker)) return;
      former.delete(worker);
      const list = { since: isRetained ? 0 : position, buttons: new Set(buttons) };
      // A retained message is older than the live ones, even if it arrives after them.
      const live = (listsOf.get(worker) ?? []).filter(({ since }) => since > 0 || !isRetained);
      listsOf.set(worker, isRetained ? [list, ...live] : [...live, list]);
    },
    has,
    isListed: (button, position) =>
      [...listsOf.keys(), ...former.keys()].some((worker) => has(worker, button, position)),
    dropFormer: () => former.clear(),
    forgetPast: () => {
      for (const [worker, lists] of listsOf) listsOf.set(worker, lists.slice(-1));
    },
  };
}
